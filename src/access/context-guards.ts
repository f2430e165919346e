import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { isObservable, lastValueFrom } from 'rxjs';
import type { AccessPolicy } from './access-policy.js';
import { AccessDeniedException, DENIALS } from './denial.js';

type Decided = ExecutionContext & Record<symbol, boolean | Promise<boolean> | undefined>;

/**
 * The guards by kind of call (`http`, `ws`, `rpc`, and what the application adds). Each call is decided once, however
 * many guards of ours stand before its handler: the global one, those that decorators bring, `@UseGuards(AccessGuard)`.
 */
export class ContextGuards {
  private readonly decision = Symbol('fastauth:decision');

  constructor(
    private readonly guards: ReadonlyMap<string, CanActivate>,
    private readonly policy: Pick<AccessPolicy, 'isDeclared' | 'isMarkedPublic' | 'defaultRequirement'>,
  ) {}

  /**
   * Rejects, or throws, for a refusal. Kinds that nobody knows are refused rather than let through unseen, unless the
   * handler is marked `@Public()`.
   */
  decide(context: ExecutionContext): boolean | Promise<boolean> {
    // Nest makes one context for all guards of a call, and another one for the next call.
    const decided = context as Decided;
    return (decided[this.decision] ??= this.ask(context));
  }

  /**
   * As {@link decide}, for the guard that decorators bring; where nothing is declared, it has nothing to ask.
   * @param guard {@link AccessGuard}, or what an application's tests put in its place
   */
  decideDeclared(context: ExecutionContext, guard: CanActivate): ReturnType<CanActivate['canActivate']> {
    const decided = (context as Decided)[this.decision];
    if (decided !== undefined) return decided;
    const hasNothingToAsk = this.policy.defaultRequirement.isOpen && !this.policy.isDeclared(context);
    return hasNothingToAsk || guard.canActivate(context);
  }

  private ask(context: ExecutionContext): boolean | Promise<boolean> {
    const guard = this.guards.get(context.getType());
    if (!guard) {
      if (this.policy.isMarkedPublic(context)) return true;
      throw new AccessDeniedException(DENIALS.unknownContext);
    }
    const outcome = guard.canActivate(context);
    // What ours answer is known at a glance; a guard of the application's own may answer with an Observable.
    if (typeof outcome === 'boolean') return outcome;
    return isObservable(outcome) ? lastValueFrom(outcome) : outcome;
  }
}

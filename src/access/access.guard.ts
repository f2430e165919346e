import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import { AccessDeniedException, DENIALS } from './denial.js';

/** Injection token of the guards by execution context type (`http`, `ws`, `rpc`). */
export const CONTEXT_GUARDS = Symbol('FASTAUTH_CONTEXT_GUARDS');

/**
 * The global guard: hands each call to the guard of its kind.
 * Kinds without one (GraphQL) are refused rather than let through unseen.
 */
@Injectable()
export class AccessGuard implements CanActivate {
  constructor(@Inject(CONTEXT_GUARDS) private readonly guards: ReadonlyMap<string, CanActivate>) {}

  canActivate(context: ExecutionContext): ReturnType<CanActivate['canActivate']> {
    const guard = this.guards.get(context.getType());
    if (!guard) throw new AccessDeniedException(DENIALS.unknownContext);
    return guard.canActivate(context);
  }
}

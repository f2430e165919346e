import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import { AccessGuard } from './access.guard.js';
import { AccessPolicy } from './access-policy.js';

/**
 * The global guard under `globalGuard: false`: resolvers, messages and other calls that no decorator guards need what
 * `default-access` says. Of HTTP requests the edge asks it.
 */
@Injectable()
export class DefaultAccessGuard implements CanActivate {
  /** @internal */
  constructor(
    @Inject(AccessPolicy) private readonly policy: AccessPolicy,
    @Inject(AccessGuard) private readonly guard: AccessGuard,
  ) {}

  canActivate(context: ExecutionContext): ReturnType<CanActivate['canActivate']> {
    if (context.getType() === 'http' || this.policy.defaultRequirement.isOpen) return true;
    return this.guard.canActivate(context);
  }
}

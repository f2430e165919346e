import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import { ContextGuards } from './context-guards.js';

/** The global guard: hands each call to the guard of its kind. */
@Injectable()
export class AccessGuard implements CanActivate {
  /** @internal */
  constructor(@Inject(ContextGuards) private readonly guards: ContextGuards) {}

  canActivate(context: ExecutionContext): ReturnType<CanActivate['canActivate']> {
    return this.guards.decide(context);
  }
}

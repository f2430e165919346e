import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { ApplicationConfig } from '@nestjs/core';
import { AccessEdge } from './access.edge.js';
import { HttpGuard } from './http.guard.js';

/**
 * Asked before all other guards: lets everything pass, and tells the edge that a handler is reached, since what guards
 * refuse before ours is asked is an answer of the application's own.
 */
@Injectable()
export class FirstGuard implements CanActivate {
  constructor(
    private readonly guard: HttpGuard,
    edge: AccessEdge,
    application: ApplicationConfig,
  ) {
    // Those that modules and `useGlobalGuards()` give come later, when all providers are made.
    if (edge.isNeeded) application.addGlobalGuard(this);
  }

  canActivate(context: ExecutionContext): true {
    if (context.getType() === 'http') this.guard.approach(context);
    return true;
  }
}

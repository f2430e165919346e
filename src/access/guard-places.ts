import { type CanActivate, Injectable, type Type } from '@nestjs/common';
import { GUARDS_METADATA } from '@nestjs/common/internal';
import { ApplicationConfig } from '@nestjs/core';
import { AccessGuard } from './access.guard.js';
import { HttpGuard } from './http.guard.js';
import type { Route } from './route-table.js';

type Guard = Type<CanActivate> | CanActivate;

/** Where guards of ours stand in an application that has switched the global one off. */
@Injectable()
export class GuardPlaces {
  constructor(private readonly application: ApplicationConfig) {}

  /** Whether one stands before this route: on its method, on its class, or before all routes. */
  standBefore({ handler, controller }: Route): boolean {
    return [
      ...guardsOn(handler),
      ...guardsOn(controller),
      ...this.application.getGlobalGuards(),
      ...this.application
        .getGlobalRequestGuards()
        .flatMap(({ metatype }) => (metatype as Guard | null) ?? []),
    ].some(isOurs);
  }
}

function guardsOn(target: object): readonly Guard[] {
  return (Reflect.getMetadata(GUARDS_METADATA, target) as readonly Guard[] | undefined) ?? [];
}

/** Also a guard that extends ours, or is given one and may ask it. */
function isOurs(guard: Guard): boolean {
  const type = typeof guard === 'function' ? guard : guard.constructor;
  const given = (Reflect.getMetadata('design:paramtypes', type) as unknown[] | undefined) ?? [];
  return [type, ...given].some(
    (found) =>
      typeof found === 'function' &&
      [AccessGuard, HttpGuard].some((ours) => found === ours || found.prototype instanceof ours),
  );
}

import { createParamDecorator, type ExecutionContext, type PipeTransform, type Type } from '@nestjs/common';
import type { Principal } from '../tokens/principal.js';
import {
  type ConfiguredEndpoint,
  declare,
  declareOnFunction,
  isOwnMethodDeclared,
  placesOfClass,
} from './declared-demand.js';
import { bringGuard } from './declared.guard.js';
import { ACCESS, MASTER, NONE, type Demand } from './demand.js';
import { principalOf } from './principal-of.js';

type ClassAndMethodDecorator = ClassDecorator & MethodDecorator;

/** Only the holder of the master token may enter. On a class, a gateway, a method or a message handler. */
export function MasterOnly(): ClassAndMethodDecorator {
  return demands('MasterOnly', MASTER);
}

/** Only the holder of an access token may enter. Together with `@MasterOnly()` both tokens are needed. */
export function AccessOnly(): ClassAndMethodDecorator {
  return demands('AccessOnly', ACCESS);
}

/**
 * Anybody may enter: lifts the class's decorator and `default-access`.
 * A path rule that covers the route still holds, and so does another decorator at the same place.
 */
export function Public(): ClassAndMethodDecorator {
  return demands('Public', NONE);
}

/** Marks a handler of ours whose demand the configuration tells. */
export function ConfiguredAccess(endpoint: ConfiguredEndpoint): MethodDecorator {
  return demands('ConfiguredAccess', endpoint);
}

/**
 * The {@link Principal} of the request or socket; undefined where no token was needed.
 *
 * @example
 * whoami(@CurrentPrincipal() principal: Principal) { return principal.clientId; }
 */
export const CurrentPrincipal: (...pipes: (Type<PipeTransform> | PipeTransform)[]) => ParameterDecorator =
  createParamDecorator((_data: undefined, context: ExecutionContext): Principal | undefined =>
    principalOf(context),
  );

/** @throws TypeError where Nest could ask no guard: on a property, an accessor, a parameter, a static method */
function demands(name: string, demand: Demand | ConfiguredEndpoint): ClassAndMethodDecorator {
  return (target: object, method?: string | symbol, descriptor?: PropertyDescriptor | number) => {
    if (method === undefined) {
      demandOfClass(demand, target as Type<unknown>);
      return;
    }
    const handler: unknown = (descriptor as PropertyDescriptor | undefined)?.value;
    if (typeof target === 'function' || typeof handler !== 'function') {
      throw new TypeError(
        `@${name}() is on ${nameOf(target)}.${String(method)}, where it could guard nothing. ` +
          'Put it on a class, or on a method of its instances.',
      );
    }
    declare(demand, target, method);
    declareOnFunction(demand, target, handler);
    bringGuard(target.constructor);
    bringGuard(handler);
  };
}

function demandOfClass(demand: Demand | ConfiguredEndpoint, type: Type<unknown>): void {
  const prototype = type.prototype as object;
  for (const place of placesOfClass(type)) {
    declare(demand, place);
    bringGuard(place);
  }
  for (const name of Reflect.ownKeys(prototype)) {
    const method: unknown = Object.getOwnPropertyDescriptor(prototype, name)?.value;
    if (name === 'constructor' || typeof method !== 'function' || isOwnMethodDeclared(prototype, name))
      continue;
    declareOnFunction(demand, prototype, method);
    bringGuard(method);
  }
}

function nameOf(target: object): string {
  return typeof target === 'function' ? target.name : target.constructor.name;
}

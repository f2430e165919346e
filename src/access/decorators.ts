import { createParamDecorator, type ExecutionContext, type PipeTransform, type Type } from '@nestjs/common';
import type { Principal } from '../tokens/principal.js';
import {
  type ConfiguredEndpoint,
  declare,
  declareOnFunction,
  isOwnMethodDeclared,
  placesOfClass,
} from './declared-requirement.js';
import { bringGuard } from './declared.guard.js';
import { MAX_SCOPE_LENGTH, scopeNameFault } from '../config/scope-name.js';
import { ACCESS, MASTER, NONE, OPTIONAL, Requirement } from './requirement.js';
import { principalOf } from './principal-of.js';

type ClassAndMethodDecorator = ClassDecorator & MethodDecorator;

/** Under this every copy of the package finds what a decorator asks. */
const ASKED = Symbol.for('nestjs-fastauth:requirement of a decorator');

/** A decorator that asks for something, to be put on a class or method, or given to {@link AnyOf}. */
export type AccessDecorator = ClassAndMethodDecorator & { readonly [ASKED]: Requirement };

/** Only the holder of the master token may enter. On a class, a gateway, a method or a message handler. */
export function MasterOnly(...none: readonly never[]): AccessDecorator {
  refuseArguments('MasterOnly', none);
  return requires('MasterOnly', MASTER);
}

/** Only the holder of an access token may enter. Together with `@MasterOnly()` both tokens are needed. */
export function AccessOnly(...none: readonly never[]): AccessDecorator {
  refuseArguments('AccessOnly', none);
  return requires('AccessOnly', ACCESS);
}

/**
 * Only an access token may enter whose `scope` has all of these names. A token that has not is answered 403
 * `insufficient_scope`.
 *
 * @example
 * @Scopes('devices:read', 'devices:write')
 * @throws TypeError no name is given, or one that cannot be the name of a scope
 * @see RFC 6749 section 3.3
 */
export function Scopes(...names: readonly string[]): AccessDecorator {
  if (names.length === 0) throw new TypeError('@Scopes() needs a name: @Scopes("devices:read")');
  for (const name of names) {
    const fault = scopeNameFault(name);
    if (fault) throw new TypeError(`@Scopes(${JSON.stringify(name)}): a scope ${fault}`);
  }
  if (names.join(' ').length > MAX_SCOPE_LENGTH) {
    throw new TypeError(`@Scopes(): all names together have more than ${MAX_SCOPE_LENGTH} characters`);
  }
  return requires('Scopes', Requirement.ofScopes(names));
}

/**
 * One of these is enough; which one, the credentials that were sent decide.
 *
 * @example
 * @AnyOf(MasterOnly(), Scopes('fleet:admin'))
 * @throws TypeError nothing is given, or something else than decorators of this package that ask for a credential
 */
export function AnyOf(...alternatives: readonly AccessDecorator[]): AccessDecorator {
  const asked = alternatives.map((alternative: Partial<AccessDecorator> | undefined) =>
    Requirement.read(alternative?.[ASKED]),
  );
  const requirements = asked.filter((each) => each !== undefined);
  if (requirements.length === 0 || requirements.length < asked.length) {
    throw new TypeError(
      '@AnyOf() takes decorators that ask for a credential: @AnyOf(MasterOnly(), Scopes("fleet:admin"))',
    );
  }
  if (requirements.some(isForAll)) {
    throw new TypeError('@AnyOf() with @Public() or @OptionalAccess() is open to everybody: use that alone');
  }
  return requires('AnyOf', Requirement.any(requirements));
}

/**
 * Only an access token may enter whose session began at most so many seconds ago. Refreshing does not renew it; where
 * the beginning is not known, as for sessions of the Python package, the token is not fresh. It is answered 401
 * `insufficient_user_authentication`.
 *
 * @param seconds a whole number from 1
 * @throws TypeError it is not
 * @see RFC 9470
 */
export function Fresh(seconds: number): AccessDecorator {
  if (!Number.isSafeInteger(seconds) || seconds < 1) {
    throw new TypeError(`@Fresh(${String(seconds)}): give a whole number of seconds from 1`);
  }
  return requires('Fresh', Requirement.ofAge(seconds));
}

/**
 * Anybody may enter, as with {@link Public}; but an access token that is sent is verified and gives the principal. A bad
 * one is 401, one that cannot be checked 503.
 */
export function OptionalAccess(...none: readonly never[]): AccessDecorator {
  refuseArguments('OptionalAccess', none);
  return requires('OptionalAccess', OPTIONAL);
}

/**
 * Anybody may enter: lifts the class's decorator and `default-access`.
 * A path rule that covers the route still holds, and so does another decorator at the same place.
 */
export function Public(...none: readonly never[]): AccessDecorator {
  refuseArguments('Public', none);
  return requires('Public', NONE);
}

/** Marks a handler of ours whose requirement the configuration tells. */
export function ConfiguredAccess(endpoint: ConfiguredEndpoint): MethodDecorator {
  return decorator('ConfiguredAccess', endpoint);
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

/** Written without parentheses, a decorator would be called with the method, and ask nothing of it. */
function refuseArguments(name: string, given: readonly unknown[]): void {
  if (given.length > 0) throw new TypeError(`@${name}() takes no arguments, and needs its parentheses.`);
}

function requires(name: string, requirement: Requirement): AccessDecorator {
  return Object.assign(decorator(name, requirement), { [ASKED]: requirement });
}

/** Whether somebody without any credential meets it. */
function isForAll({ alternatives }: Requirement): boolean {
  return alternatives.some(({ credentials }) => credentials === 0);
}

/** @throws TypeError where Nest could ask no guard: on a property, an accessor, a parameter, a static method */
function decorator(name: string, requirement: Requirement | ConfiguredEndpoint): ClassAndMethodDecorator {
  return (target: object, method?: string | symbol, descriptor?: PropertyDescriptor | number) => {
    if (method === undefined) {
      requirementOfClass(requirement, target as Type<unknown>);
      return;
    }
    const handler: unknown = (descriptor as PropertyDescriptor | undefined)?.value;
    if (typeof target === 'function' || typeof handler !== 'function') {
      throw new TypeError(
        `@${name}() is on ${nameOf(target)}.${String(method)}, where it could guard nothing. ` +
          'Put it on a class, or on a method of its instances.',
      );
    }
    declare(requirement, target, method);
    declareOnFunction(requirement, target, handler);
    bringGuard(target.constructor);
    bringGuard(handler);
  };
}

function requirementOfClass(requirement: Requirement | ConfiguredEndpoint, type: Type<unknown>): void {
  const prototype = type.prototype as object;
  for (const place of placesOfClass(type)) {
    declare(requirement, place);
    bringGuard(place);
  }
  for (const name of Reflect.ownKeys(prototype)) {
    const method: unknown = Object.getOwnPropertyDescriptor(prototype, name)?.value;
    if (name === 'constructor' || typeof method !== 'function' || isOwnMethodDeclared(prototype, name))
      continue;
    declareOnFunction(requirement, prototype, method);
    bringGuard(method);
  }
}

function nameOf(target: object): string {
  return typeof target === 'function' ? target.name : target.constructor.name;
}

import type { Type } from '@nestjs/common';
import { BOTH, NONE, type Demand } from './demand.js';

/** Endpoints of ours whose demand is configured: by `public-token-issuance` and `introspection-access`. */
export type ConfiguredEndpoint = 'issuance' | 'introspection';

/** What each of them asks in this application. */
export type ConfiguredDemands = Readonly<Record<ConfiguredEndpoint, Demand>>;

/** Every copy of the package reads and writes under this key, so that no decorator is lost on another copy's guard. */
const DECLARED = Symbol.for('nestjs-fastauth:demand');

/** Notes what a decorator says, on a class, or on a prototype under the method's name: never on the function. */
export function declare(demand: Demand | ConfiguredEndpoint, target: object, method?: string | symbol): void {
  const before: unknown =
    method === undefined
      ? Reflect.getOwnMetadata(DECLARED, target)
      : Reflect.getOwnMetadata(DECLARED, target, method);
  const united = typeof before === 'number' && typeof demand === 'number' ? before | demand : demand;
  if (method === undefined) Reflect.defineMetadata(DECLARED, united, target);
  else Reflect.defineMetadata(DECLARED, united, target, method);
}

/**
 * What the decorators ask for a method: its own, where it or the method that it overrides has any, otherwise those of
 * the class or the class that it extends.
 * @throws TypeError for what another version of the package wrote in a way that this one does not know
 */
export function declaredDemand(
  controller: Type<unknown>,
  method: string | symbol,
  configured: ConfiguredDemands,
): Demand | undefined {
  return (
    demandIn(Reflect.getMetadata(DECLARED, controller.prototype as object, method), controller, configured) ??
    declaredDemandOfClass(controller, configured)
  );
}

/** What the decorators of a class, or of the class that it extends, ask. @throws TypeError as {@link declaredDemand} */
export function declaredDemandOfClass(
  controller: Type<unknown>,
  configured: ConfiguredDemands,
): Demand | undefined {
  return demandIn(Reflect.getMetadata(DECLARED, controller), controller, configured);
}

/** What a decorator takes the place of, though that asked for something that it does not ask for. */
export interface Replaced {
  readonly demand: Demand;
  /** The class that it is on. */
  readonly owner: string;
}

/**
 * What the decorator that holds for a method has replaced: that of its class, of the method that it overrides, or of
 * the class that its class extends. `@Public()` on a method is there to do that, and is not told of.
 */
export function replacedDemand(
  controller: Type<unknown>,
  method: string | symbol,
  configured: ConfiguredDemands,
): Replaced | undefined {
  const prototype = controller.prototype as object;
  const ofMethod = demandIn(Reflect.getMetadata(DECLARED, prototype, method), controller, configured);
  const parent = Object.getPrototypeOf(controller) as Type<unknown>;
  const hidden: readonly (readonly [unknown, Type<unknown>])[] =
    ofMethod === undefined
      ? [[Reflect.getMetadata(DECLARED, parent), parent]]
      : [
          [Reflect.getMetadata(DECLARED, controller), controller],
          [parent.prototype && Reflect.getMetadata(DECLARED, parent.prototype as object, method), parent],
        ];
  const holding = ofMethod ?? declaredDemandOfClass(controller, configured);
  if (holding === undefined || ofMethod === NONE) return undefined;
  for (const [declared, owner] of hidden) {
    const demand = demandIn(declared, controller, configured) ?? NONE;
    if ((demand & ~holding) !== NONE) return { demand, owner: owner.name };
  }
  return undefined;
}

/** Whether any decorator of ours is on the class, a method of these names, or what they inherit. */
export function hasDeclarations(controller: Type<unknown>, methods: readonly (string | symbol)[]): boolean {
  return (
    Reflect.hasMetadata(DECLARED, controller) ||
    methods.some((method) => isMethodDeclared(controller, method))
  );
}

/** Whether any decorator of ours is on this method, or on the one that it overrides. */
export function isMethodDeclared(controller: Type<unknown>, method: string | symbol): boolean {
  return Reflect.hasMetadata(DECLARED, controller.prototype as object, method);
}

function demandIn(
  declared: unknown,
  controller: Type<unknown>,
  configured: ConfiguredDemands,
): Demand | undefined {
  if (declared === undefined) return undefined;
  if (declared === 'issuance' || declared === 'introspection') return configured[declared];
  if (Number.isInteger(declared) && (declared as number) >= NONE && (declared as number) <= BOTH)
    return declared as Demand;
  throw new TypeError(
    `${controller.name} is decorated by another version of nestjs-fastauth, in a way that this one cannot read. ` +
      'Install one version for the whole application (npm ls nestjs-fastauth).',
  );
}

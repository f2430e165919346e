import type { Type } from '@nestjs/common';
import { BOTH, NONE, type Demand } from './demand.js';

/** Endpoints of ours whose demand is configured: by `public-token-issuance` and `introspection-access`. */
export type ConfiguredEndpoint = 'issuance' | 'introspection';

/** What each of them asks in this application. */
export type ConfiguredDemands = Readonly<Record<ConfiguredEndpoint, Demand>>;

type MethodName = string | symbol;

/** What a decorator says about the function that it found under a name of this prototype. */
interface FunctionDemand {
  readonly owner: object;
  readonly demand: Demand | ConfiguredEndpoint;
}

// Every copy of the package reads and writes under these keys, so that no decorator is lost on another copy's guard.
const DECLARED = Symbol.for('nestjs-fastauth:demand');
const FUNCTION_DEMANDS = Symbol.for('nestjs-fastauth:demands of a function');

/** Notes what a decorator says, on a class, or on a prototype under the method's name. */
export function declare(demand: Demand | ConfiguredEndpoint, target: object, method?: MethodName): void {
  const before: unknown =
    method === undefined
      ? Reflect.getOwnMetadata(DECLARED, target)
      : Reflect.getOwnMetadata(DECLARED, target, method);
  const united = typeof before === 'number' && typeof demand === 'number' ? before | demand : demand;
  if (method === undefined) Reflect.defineMetadata(DECLARED, united, target);
  else Reflect.defineMetadata(DECLARED, united, target, method);
}

/**
 * Notes the same on the function, where metadata of Nest's decorators is: whoever copies the function to another class
 * copies its route, and with it what it asks for. What opens a method is not copied.
 */
export function declareOnFunction(demand: Demand | ConfiguredEndpoint, owner: object, method: object): void {
  if (demand === NONE) return;
  const before = functionDemandsOf(method);
  Reflect.defineMetadata(FUNCTION_DEMANDS, [...before, { owner, demand }], method);
}

/**
 * What the decorators ask for a method: its own, where it or the method that it overrides has any, otherwise those of
 * the class or the class that it extends. What its function was asked for in another class comes on top.
 * @param handler what is called, if that is known to be something else than the class has under the name
 * @throws TypeError for what another version of the package wrote in a way that this one does not know
 */
export function declaredDemand(
  controller: Type<unknown>,
  method: MethodName,
  configured: ConfiguredDemands,
  handler?: object,
): Demand | undefined {
  const declared =
    demandIn(Reflect.getMetadata(DECLARED, controller.prototype as object, method), controller, configured) ??
    declaredDemandOfClass(controller, configured);
  const copied = copiedDemands(controller, method, handler);
  return copied.reduce<Demand | undefined>(
    (sum, demand) => (sum ?? NONE) | (demandIn(demand, controller, configured) ?? NONE),
    declared,
  );
}

/** What the decorators of a class, or of the class that it extends, ask. @throws TypeError as {@link declaredDemand} */
export function declaredDemandOfClass(
  controller: Type<unknown>,
  configured: ConfiguredDemands,
): Demand | undefined {
  return placesOfClass(controller)
    .map((place) => demandIn(Reflect.getMetadata(DECLARED, place), controller, configured))
    .reduce((sum, demand) => (demand === undefined ? sum : (sum ?? NONE) | demand), undefined);
}

/**
 * Where decorators of a class are: on the class, and, where a class decorator has put a function or a proxy in its
 * place, on what instances have as their `constructor`, which Nest asks for guards.
 */
export function placesOfClass(type: Type<unknown>): readonly Type<unknown>[] {
  const { constructor } = type.prototype as object;
  return constructor === type || constructor === Object ? [type] : [type, constructor as Type<unknown>];
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
  method: MethodName,
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
export function hasDeclarations(controller: Type<unknown>, methods: readonly MethodName[]): boolean {
  return (
    placesOfClass(controller).some((place) => Reflect.hasMetadata(DECLARED, place)) ||
    methods.some((method) => isMethodDeclared(controller, method))
  );
}

/** Whether any decorator of ours is on this method, on the one that it overrides, or on the one that it is a copy of. */
export function isMethodDeclared(controller: Type<unknown>, method: MethodName): boolean {
  return (
    Reflect.hasMetadata(DECLARED, controller.prototype as object, method) ||
    copiedDemands(controller, method).length > 0
  );
}

/** Whether a decorator of ours is on the method itself. */
export function isOwnMethodDeclared(prototype: object, method: MethodName): boolean {
  return Reflect.hasOwnMetadata(DECLARED, prototype, method);
}

/** What a function was asked for in classes that this one has nothing to do with. */
function copiedDemands(
  { prototype }: Type<unknown>,
  method: MethodName,
  handler?: object,
): readonly FunctionDemand['demand'][] {
  return [methodOf(prototype as object, method), handler]
    .filter((each) => each !== undefined)
    .flatMap(functionDemandsOf)
    .filter(
      ({ owner }) => owner !== prototype && !Object.prototype.isPrototypeOf.call(owner, prototype as object),
    )
    .map(({ demand }) => demand);
}

/** The function that a class has under a name, its own or an inherited one; accessors are not called. */
export function methodOf(prototype: object, name: MethodName): object | undefined {
  for (let level: object | null = prototype; level; level = Object.getPrototypeOf(level) as object | null) {
    const descriptor = Object.getOwnPropertyDescriptor(level, name);
    if (descriptor) return typeof descriptor.value === 'function' ? (descriptor.value as object) : undefined;
  }
  return undefined;
}

function functionDemandsOf(method: object): readonly FunctionDemand[] {
  return (Reflect.getOwnMetadata(FUNCTION_DEMANDS, method) ?? []) as readonly FunctionDemand[];
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

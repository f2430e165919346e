import type { Type } from '@nestjs/common';
import { NONE, Requirement } from './requirement.js';

/** Endpoints of ours whose requirement is configured: by `public-token-issuance` and `introspection-access`. */
export type ConfiguredEndpoint = 'issuance' | 'introspection';

/** What each of them asks in this application. */
export type ConfiguredRequirements = Readonly<Record<ConfiguredEndpoint, Requirement>>;

type MethodName = string | symbol;

/** What a decorator says about the function that it found under a name of this prototype. */
interface FunctionRequirement {
  readonly owner: object;
  readonly requirement: Requirement | ConfiguredEndpoint;
}

// Every copy of the package reads and writes under these keys, so that no decorator is lost on another copy's guard.
const DECLARED = Symbol.for('nestjs-fastauth:requirement');
const FUNCTION_DEMANDS = Symbol.for('nestjs-fastauth:requirements of a function');

/** Notes what a decorator says, on a class, or on a prototype under the method's name. */
export function declare(
  requirement: Requirement | ConfiguredEndpoint,
  target: object,
  method?: MethodName,
): void {
  const before: unknown =
    method === undefined
      ? Reflect.getOwnMetadata(DECLARED, target)
      : Reflect.getOwnMetadata(DECLARED, target, method);
  const united = unite(before, requirement);
  if (method === undefined) Reflect.defineMetadata(DECLARED, united, target);
  else Reflect.defineMetadata(DECLARED, united, target, method);
}

/**
 * Notes the same on the function, where metadata of Nest's decorators is: whoever copies the function to another class
 * copies its route, and with it what it asks for. What opens a method is not copied.
 */
export function declareOnFunction(
  requirement: Requirement | ConfiguredEndpoint,
  owner: object,
  method: object,
): void {
  if (requirement instanceof Requirement && requirement.isOpen) return;
  const before = functionRequirementsOf(method);
  Reflect.defineMetadata(FUNCTION_DEMANDS, [...before, { owner, requirement }], method);
}

/**
 * What the decorators ask for a method: its own, where it or the method that it overrides has any, otherwise those of
 * the class or the class that it extends. What its function was asked for in another class comes on top.
 * @param handler what is called, if that is known to be something else than the class has under the name
 * @throws TypeError for what another version of the package wrote in a way that this one does not know
 */
export function declaredRequirement(
  controller: Type<unknown>,
  method: MethodName,
  configured: ConfiguredRequirements,
  handler?: object,
): Requirement | undefined {
  const declared =
    requirementIn(
      Reflect.getMetadata(DECLARED, controller.prototype as object, method),
      controller,
      configured,
    ) ?? declaredRequirementOfClass(controller, configured);
  const copied = copiedRequirements(controller, method, handler);
  return copied.reduce<Requirement | undefined>(
    (sum, each) => (sum ?? NONE).and(requirementIn(each, controller, configured) ?? NONE),
    declared,
  );
}

/** What the decorators of a class, or of the class that it extends, ask. @throws TypeError as {@link declaredRequirement} */
export function declaredRequirementOfClass(
  controller: Type<unknown>,
  configured: ConfiguredRequirements,
): Requirement | undefined {
  return placesOfClass(controller)
    .map((place) => requirementIn(Reflect.getMetadata(DECLARED, place), controller, configured))
    .reduce((sum, each) => (each === undefined ? sum : (sum ?? NONE).and(each)), undefined);
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
  readonly requirement: Requirement;
  /** The class that it is on. */
  readonly owner: string;
}

/**
 * What the decorator that holds for a method has replaced: that of its class, of the method that it overrides, or of
 * the class that its class extends. `@Public()` on a method is there to do that, and is not told of.
 */
export function replacedRequirement(
  controller: Type<unknown>,
  method: MethodName,
  configured: ConfiguredRequirements,
): Replaced | undefined {
  const prototype = controller.prototype as object;
  const ofMethod = requirementIn(Reflect.getMetadata(DECLARED, prototype, method), controller, configured);
  const parent = Object.getPrototypeOf(controller) as Type<unknown>;
  const hidden: readonly (readonly [unknown, Type<unknown>])[] =
    ofMethod === undefined
      ? [[Reflect.getMetadata(DECLARED, parent), parent]]
      : [
          [Reflect.getMetadata(DECLARED, controller), controller],
          [parent.prototype && Reflect.getMetadata(DECLARED, parent.prototype as object, method), parent],
        ];
  const holding = ofMethod ?? declaredRequirementOfClass(controller, configured);
  if (holding === undefined || ofMethod?.isOpen) return undefined;
  for (const [declared, owner] of hidden) {
    const requirement = requirementIn(declared, controller, configured) ?? NONE;
    if (!holding.implies(requirement)) return { requirement, owner: owner.name };
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
    copiedRequirements(controller, method).length > 0
  );
}

/** Whether a decorator of ours is on the method itself. */
export function isOwnMethodDeclared(prototype: object, method: MethodName): boolean {
  return Reflect.hasOwnMetadata(DECLARED, prototype, method);
}

/** What a function was asked for in classes that this one has nothing to do with. */
function copiedRequirements(
  { prototype }: Type<unknown>,
  method: MethodName,
  handler?: object,
): readonly FunctionRequirement['requirement'][] {
  return [methodOf(prototype as object, method), handler]
    .filter((each) => each !== undefined)
    .flatMap(functionRequirementsOf)
    .filter(
      ({ owner }) => owner !== prototype && !Object.prototype.isPrototypeOf.call(owner, prototype as object),
    )
    .map(({ requirement }) => requirement);
}

/** The function that a class has under a name, its own or an inherited one; accessors are not called. */
export function methodOf(prototype: object, name: MethodName): object | undefined {
  for (let level: object | null = prototype; level; level = Object.getPrototypeOf(level) as object | null) {
    const descriptor = Object.getOwnPropertyDescriptor(level, name);
    if (descriptor) return typeof descriptor.value === 'function' ? (descriptor.value as object) : undefined;
  }
  return undefined;
}

/** Both are asked. What cannot be read stays, for it is refused at the start. */
function unite(before: unknown, requirement: Requirement | ConfiguredEndpoint): unknown {
  if (before === undefined || typeof before === 'string' || typeof requirement === 'string')
    return requirement;
  return Requirement.read(before)?.and(requirement) ?? before;
}

function functionRequirementsOf(method: object): readonly FunctionRequirement[] {
  return (Reflect.getOwnMetadata(FUNCTION_DEMANDS, method) ?? []) as readonly FunctionRequirement[];
}

function requirementIn(
  declared: unknown,
  controller: Type<unknown>,
  configured: ConfiguredRequirements,
): Requirement | undefined {
  if (declared === undefined) return undefined;
  if (declared === 'issuance' || declared === 'introspection') return configured[declared];
  const requirement = Requirement.read(declared);
  if (requirement) return requirement;
  throw new TypeError(
    `${controller.name} is decorated by another version of nestjs-fastauth, in a way that this one cannot read. ` +
      'Install one version for the whole application (npm ls nestjs-fastauth).',
  );
}

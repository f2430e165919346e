import { type ContextType, type ExecutionContext, Injectable, type Type } from '@nestjs/common';
import { type ContextId, ContextIdFactory, ModulesContainer } from '@nestjs/core';
import type { InstanceWrapper } from '../nest.js';
import { hasDeclarations } from './declared-requirement.js';
import { graphqlContextOf } from './graphql-context.js';

type MethodName = string | symbol;
type Instance = Readonly<Record<MethodName, unknown>>;
/**
 * Under which names a function was found. Metadata, since tracers that wrap a handler copy that to the wrapper; a fact
 * about the function and no decision, so that copies of the package and applications may share it.
 */
const NAMES = Symbol.for('nestjs-fastauth:handler names');

/** The names of a class's methods, inherited ones included. */
export function methodNamesOf({ prototype }: Type<unknown>): readonly MethodName[] {
  const names = new Set<MethodName>();
  for (const level of levelsOf(prototype as object)) {
    for (const name of Reflect.ownKeys(level)) {
      if (name !== 'constructor' && typeof valueOf(level, name) === 'function') names.add(name);
    }
  }
  return [...names];
}

/**
 * Under which names the class has this function, or had it when it was marked. Never by the function's own name:
 * `this.secret = this.open.bind(this)` makes one whose name lies.
 */
export function findHandlerNames(
  controller: Type<unknown>,
  handler: unknown,
): readonly MethodName[] | undefined {
  if (typeof handler !== 'function' || !isClass(controller)) return undefined;
  const names = methodNamesOf(controller);
  const levels = levelsOf(controller.prototype as object);
  const identical = names.filter((name) => levels.some((level) => valueOf(level, name) === handler));
  if (identical.length > 0) return identical;
  const marked = (Reflect.getMetadata(NAMES, handler) ?? []) as readonly MethodName[];
  return foundIn(names.filter((name) => marked.includes(name)));
}

/**
 * Tells by which name of its class a handler is called. Nest hands guards a function, `instance[name]` as it was when
 * the route was registered, and that may be wrapped, bound, patched, or made anew for each request.
 */
@Injectable()
export class HandlerNames {
  readonly #modules: ModulesContainer;
  private readonly wrappers = new WeakMap<Type<unknown>, readonly InstanceWrapper[]>();

  constructor(modules: ModulesContainer) {
    this.#modules = modules;
  }

  /** Marks the methods that classes have now: before anything wraps them for routers to call. */
  mark(): void {
    for (const { metatype, instance } of this.components()) {
      for (const type of new Set([metatype, classOf(instance)])) {
        if (isClass(type) && hasDeclarations(type, methodNamesOf(type)))
          markMethods(type, instance as unknown);
      }
    }
  }

  /** @returns undefined where nobody can tell */
  find(context: ExecutionContext): readonly MethodName[] | undefined {
    const controller = context.getClass();
    const handler = context.getHandler();
    return (
      findHandlerNames(controller, handler) ??
      foundIn(
        methodNamesOf(controller).filter((name) =>
          this.instancesOf(controller, context).some((instance) => instance[name] === handler),
        ),
      )
    );
  }

  /** The one that lives as long as the application, and the one that was made for this request. */
  private instancesOf(controller: Type<unknown>, context: ExecutionContext): readonly Instance[] {
    const contextId = contextIdOf(context);
    return this.wrappersOf(controller)
      .flatMap((wrapper) => [
        wrapper.instance as unknown,
        contextId &&
          wrapper.getInstanceByContextId(
            contextId.getParent?.({
              token: wrapper.token,
              isTreeDurable: wrapper.isDependencyTreeDurable(),
            }) ?? contextId,
          ).instance,
      ])
      .filter((instance): instance is Instance => isObject(instance));
  }

  private wrappersOf(controller: Type<unknown>): readonly InstanceWrapper[] {
    const known = this.wrappers.get(controller);
    if (known) return known;
    const wrappers = this.components().filter(
      ({ metatype, instance }) => metatype === controller || classOf(instance) === controller,
    );
    if (wrappers.length > 0) this.wrappers.set(controller, wrappers);
    return wrappers;
  }

  private components(): InstanceWrapper[] {
    return [...this.#modules.values()].flatMap(({ controllers, providers }) => [
      ...controllers.values(),
      ...providers.values(),
    ]);
  }
}

/** Where Nest keeps by which instances of request-scoped classes a call is served. */
function contextIdOf(context: ExecutionContext): ContextId | undefined {
  const isGraphql = context.getType<ContextType | 'graphql'>() === 'graphql';
  const carrier: unknown = isGraphql ? graphqlContextOf(context) : context.getArgByIndex(0);
  if (!isObject(carrier)) return undefined;
  return ContextIdFactory.getByRequest(
    carrier as Record<string, never>,
    isGraphql ? ['req' as never] : undefined,
  );
}

function markMethods(type: Type<unknown>, instance: unknown): void {
  const owners = [...levelsOf(type.prototype as object), ...(isObject(instance) ? [instance] : [])];
  for (const name of methodNamesOf(type)) {
    for (const method of owners.map((owner) => valueOf(owner, name))) {
      if (typeof method !== 'function') continue;
      const marked = (Reflect.getOwnMetadata(NAMES, method) ?? []) as readonly MethodName[];
      if (!marked.includes(name)) Reflect.defineMetadata(NAMES, [...marked, name], method);
    }
  }
}

function levelsOf(prototype: object): readonly object[] {
  const levels: object[] = [];
  for (let level: object | null = prototype; level && level !== Object.prototype;) {
    levels.push(level);
    level = Object.getPrototypeOf(level) as object | null;
  }
  return levels;
}

/** Read off the prototype: an instance may be a proxy that throws for what it does not know. */
export function classOf(instance: unknown): unknown {
  const prototype: unknown = isObject(instance) ? Object.getPrototypeOf(instance) : undefined;
  return isObject(prototype) ? valueOf(prototype, 'constructor') : undefined;
}

export function isClass(type: unknown): type is Type<unknown> {
  return typeof type === 'function' && isObject(type.prototype);
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

/** An own value; accessors are not called. */
function valueOf(owner: object, name: MethodName): unknown {
  return Object.getOwnPropertyDescriptor(owner, name)?.value;
}

function foundIn(names: readonly MethodName[]): readonly MethodName[] | undefined {
  return names.length > 0 ? names : undefined;
}

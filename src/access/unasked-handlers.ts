import { Logger, type Type } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { ConfigError } from '../errors.js';
import { GUARDS_METADATA, type InstanceWrapper } from '../nest.js';
import {
  type ConfiguredRequirements,
  declaredRequirement,
  hasDeclarations,
  isMethodDeclared,
  methodOf,
} from './declared-requirement.js';
import { isDeclaredGuard } from './declared.guard.js';
import {
  graphqlModulesOf,
  isResolver,
  metadataOfMethod,
  sharedContexts,
  unguardedFields,
} from './unasked-resolvers.js';
import { BOTH, NONE } from './requirement.js';
import { classOf, isClass, methodNamesOf } from './handler-names.js';

type NestModule = ModulesContainer extends Map<string, infer M> ? M : never;

/** What of a class's decorators nobody would ask for. */
export interface UnaskedHandlers {
  /** The application may not start with these. */
  readonly faults: readonly string[];
  /** Whether anybody asks depends on a library that is not known here. */
  readonly warnings: readonly string[];
}

// The keys under which optional packages keep what their decorators say.
const GATEWAY = 'websockets:is_gateway';
/** Of methods, or of classes, that libraries call without asking any guard. */
const UNGUARDED: Readonly<Record<string, string>> = {
  EVENT_LISTENER_METADATA: '@OnEvent()',
  SCHEDULER_TYPE: '@Cron(), @Interval() or @Timeout()',
  'bull:module_queue': '@Processor()',
  'bull:queue_process': '@Process()',
  'bullmq:processor_metadata': '@Processor()',
  'bullmq:worker_events_metadata': '@OnWorkerEvent()',
  'bullmq:queue_events_listener_metadata': '@QueueEventsListener()',
  __commandHandler__: '@CommandHandler()',
  __queryHandler__: '@QueryHandler()',
  __eventsHandler__: '@EventsHandler()',
};

/** Nothing that is configured counts as open here. */
const CLOSED: ConfiguredRequirements = { issuance: BOTH, introspection: BOTH };

/**
 * Looks for decorators of ours in places where Nest asks no guard, so that they would hold nothing; logs those of
 * which it cannot be told.
 * @throws ConfigError naming the others
 */
export function assertHandlersAreAsked(modules: ModulesContainer, isOpenByDefault: boolean): void {
  const { faults, warnings } = findUnaskedHandlers(modules, isOpenByDefault);
  if (faults.length > 0) throw new ConfigError(faults);
  for (const warning of warnings) new Logger('Fastauth').warn(warning);
}

/**
 * Decorators of ours in places where Nest asks no guard.
 * @param isOpenByDefault whether `default-access` asks for nothing; otherwise it counts there as a decorator does
 */
export function findUnaskedHandlers(modules: ModulesContainer, isOpenByDefault: boolean): UnaskedHandlers {
  const faults: string[] = [];
  const warnings: string[] = [];
  const graphql = graphqlModulesOf(modules);
  for (const module of modules.values()) {
    for (const [wrapper, isController] of componentsOf(module)) {
      const type =
        isClass(wrapper.metatype) && !wrapper.isFactory ? wrapper.metatype : classOf(instanceOf(wrapper));
      if (!isClass(type)) continue;
      const names = methodNamesOf(type);
      const guarded = names.filter((name) => declaredRequirement(type, name, CLOSED)?.isOpen === false);
      const byDefault = isOpenByDefault
        ? []
        : names.filter((name) => declaredRequirement(type, name, CLOSED) === undefined);
      faults.push(...unguardedFields(type, guarded, byDefault, graphql));
      if (!hasDeclarations(type, names)) continue;
      faults.push(...neverGuarded(type, guarded, isController));
      if (guarded.length === 0) continue;
      const isServed = isResolver(type, guarded);
      if (isController || isServed || Reflect.hasMetadata(GATEWAY, type)) {
        const asked = askedClassOf(wrapper) ?? type;
        if (guarded.some((name) => isLowered(type, asked, name))) faults.push(standIn(type, asked));
        else if (!isAsked(asked, guarded, module, isServed)) faults.push(notAsked(type));
      } else if (!guarded.every((name) => unguardedBy(type, name) !== undefined))
        warnings.push(unknownUse(type));
    }
  }
  faults.push(...sharedContexts(graphql));
  return { faults: [...new Set(faults)], warnings: [...new Set(warnings)] };
}

function componentsOf({
  controllers,
  providers,
}: NestModule): readonly (readonly [InstanceWrapper, boolean])[] {
  return [
    ...[...controllers.values()].map((wrapper) => [wrapper, true] as const),
    ...[...providers.values()].map((wrapper) => [wrapper as InstanceWrapper, false] as const),
  ];
}

function instanceOf(wrapper: InstanceWrapper): unknown {
  return wrapper.instance as unknown;
}

/** The class whose guards Nest asks: not the one that is listed, where a decorator or a constructor put another in its place. */
function askedClassOf(wrapper: InstanceWrapper): Type<unknown> | undefined {
  const instance = instanceOf(wrapper);
  const prototype: unknown =
    typeof instance === 'object' && instance !== null ? Object.getPrototypeOf(instance) : undefined;
  const asked = (prototype as { constructor?: unknown } | null | undefined)?.constructor;
  return isClass(asked) ? asked : undefined;
}

/** Whether the decorators of the one class ask for something that those of the other, by which it is decided, do not. */
function isLowered(type: Type<unknown>, asked: Type<unknown>, name: string | symbol): boolean {
  const requirement = declaredRequirement(type, name, CLOSED) ?? NONE;
  return !(declaredRequirement(asked, name, CLOSED) ?? NONE).implies(requirement);
}

/**
 * Nest takes the guards of a class and its methods from the module that its provider is in; for what a factory made it
 * has put none there.
 */
function isAsked(
  type: Type<unknown>,
  guarded: readonly (string | symbol)[],
  { injectables, providers }: NestModule,
  isServed: boolean,
): boolean {
  const isAskedAt = (place: object): boolean => {
    const guards = (Reflect.getMetadata(GUARDS_METADATA, place) ?? []) as readonly Type<never>[];
    const ours = guards.find(isDeclaredGuard);
    return ours !== undefined && injectables.has(ours);
  };
  const methods = guarded.map((name) => methodOf(type.prototype as object, name));
  return (
    (isAskedAt(type) || methods.every((method) => method !== undefined && isAskedAt(method))) &&
    (!isServed || providers.has(type))
  );
}

function neverGuarded(
  type: Type<unknown>,
  guarded: readonly (string | symbol)[],
  isController: boolean,
): readonly string[] {
  return guarded.flatMap((name) => {
    const decorator = unguardedBy(type, name);
    // A class's decorator is for those of its methods that are called from outside.
    const isMeant =
      decorator !== undefined && (isMethodDeclared(type, name) || !isReachable(type, isController));
    return isMeant
      ? [
          `${type.name}.${String(name)} asks for a token, but Nest asks no guard before what ${decorator} calls. ` +
            'Take our decorator off, and check who may cause the call where it comes in.',
        ]
      : [];
  });
}

function unguardedBy(type: Type<unknown>, name: string | symbol): string | undefined {
  const key = Object.keys(UNGUARDED).find(
    (each) => methodHas(type, name, each) || Reflect.hasMetadata(each, type),
  );
  return key && UNGUARDED[key];
}

function isReachable(type: Type<unknown>, isController: boolean): boolean {
  return isController || Reflect.hasMetadata(GATEWAY, type) || isResolver(type, methodNamesOf(type));
}

function methodHas(type: Type<unknown>, name: string | symbol, key: string): boolean {
  return metadataOfMethod(type, name, key) !== undefined;
}

function notAsked(type: Type<unknown>): string {
  return (
    `${type.name} asks for a token by its decorators, but Nest asks no guard of a class there: it is made by useFactory or useValue, ` +
    'or provided under another token. List the class itself among the providers.'
  );
}

function standIn(type: Type<unknown>, asked: Type<unknown>): string {
  return (
    `${type.name} asks for a token by its decorators, but its constructor returns an instance of ${asked.name}, whose decorators count. ` +
    `Put ours on ${asked.name}.`
  );
}

function unknownUse(type: Type<unknown>): string {
  return (
    `${type.name} asks for a token by its decorators, but is neither a controller nor a gateway nor a resolver: ` +
    'they hold only where a library that calls it asks the guards of its class.'
  );
}

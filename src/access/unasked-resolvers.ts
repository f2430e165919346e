import type { Type } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import type { InstanceWrapper } from '../nest.js';
import { isMethodDeclared, methodOf } from './declared-requirement.js';

// The keys under which @nestjs/graphql, which is optional, keeps what its decorators say, and its module's options.
const RESOLVER_TYPE = 'graphql:resolver_type';
const FIELD = 'graphql:resolve_property';
const REFERENCE = 'graphql:resolve_reference';
const RESOLVER = [RESOLVER_TYPE, 'graphql:resolver_name', FIELD, REFERENCE];
const OPTIONS = 'GqlModuleOptions';
const ROOT_RESOLVERS: readonly unknown[] = ['Query', 'Mutation', 'Subscription'];
/** Nest asks no guard before the method of this name, whatever is set. */
const TYPE_RESOLVER = '__resolveType';

/** What is used of a module of GraphQL: its options, as they were given, and its driver. */
export interface GraphqlModule {
  readonly options: { readonly fieldResolverEnhancers?: unknown; readonly context?: unknown } | undefined;
  readonly driver: object | undefined;
}

/** Each `GraphQLModule` of an application. */
export function graphqlModulesOf(modules: ModulesContainer): readonly GraphqlModule[] {
  return [...modules.values()].flatMap(({ providers }) => {
    const options = providers.get(OPTIONS) as InstanceWrapper | undefined;
    if (!options) return [];
    const driver = [...providers.values()]
      .map(({ instance }) => instance as unknown)
      .find((instance) => isDriver(instance));
    return [{ options: options.instance as GraphqlModule['options'], driver }];
  });
}

/** Whether GraphQL calls one of these methods. Of a class that names the type itself, it calls all. */
export function isResolver(type: Type<unknown>, names: readonly (string | symbol)[]): boolean {
  return (
    Reflect.hasMetadata(RESOLVER_TYPE, type) ||
    names.some((name) => RESOLVER.some((key) => metadataOfMethod(type, name, key) !== undefined))
  );
}

/**
 * @param guarded methods that ask for something
 * @param byDefault methods that ask for what `default-access` says
 */
export function unguardedFields(
  type: Type<unknown>,
  guarded: readonly (string | symbol)[],
  byDefault: readonly (string | symbol)[],
  graphql: readonly GraphqlModule[],
): readonly string[] {
  const fields = guarded.filter((name) => isFieldResolver(type, name));
  // What names the type of a value answers nothing.
  const undecorated = byDefault.filter((name) => name !== TYPE_RESOLVER && isFieldResolver(type, name));
  const isAsked = graphql.length > 0 && graphql.every(asksFieldGuards);
  const unasked = (names: readonly (string | symbol)[], by: string): readonly string[] =>
    names.length === 0 || isAsked
      ? []
      : [
          `${type.name}.${names.map(String).join(', ')} asks for a token${by}, but GraphQL asks no guard before field resolvers. ` +
            "Set fieldResolverEnhancers: ['guards'] in the options of each GraphQLModule, or mark them @Public().",
        ];
  return [
    ...unasked(fields, ''),
    ...unasked(undecorated, ' by default-access'),
    ...(fields.includes(TYPE_RESOLVER) && isMethodDeclared(type, TYPE_RESOLVER)
      ? [
          `${type.name}.${TYPE_RESOLVER} asks for a token, but GraphQL asks no guard before it. Put the decorator on the resolvers of its types.`,
        ]
      : []),
  ];
}

/**
 * Some drivers write the first caller's request into the one context that an application gives for all, so that every
 * later call would count as the first caller's.
 */
export function sharedContexts(graphql: readonly GraphqlModule[]): readonly string[] {
  const isShared = ({ options, driver }: GraphqlModule): boolean =>
    typeof options?.context === 'object' &&
    options.context !== null &&
    !(driver !== undefined && 'cloneContext' in driver);
  return graphql.some(isShared)
    ? [
        'the context of GraphQLModule is one object for all requests, in which the driver keeps the request of the first caller. ' +
          'Give a function that makes a context for each: context: () => ({ … }).',
      ]
    : [];
}

/** Also where a wrapper stands in the place of the method that was decorated: then on a level below. */
export function metadataOfMethod(type: Type<unknown>, name: string | symbol, key: string): unknown {
  const method = methodOf(type.prototype as object, name);
  return method && (Reflect.getMetadata(key, method) as unknown);
}

function asksFieldGuards({ options }: GraphqlModule): boolean {
  const enhancers = options?.fieldResolverEnhancers;
  return Array.isArray(enhancers) && enhancers.includes('guards');
}

function isFieldResolver(type: Type<unknown>, name: string | symbol): boolean {
  const kind = metadataOfMethod(type, name, RESOLVER_TYPE);
  return (
    metadataOfMethod(type, name, FIELD) !== undefined ||
    metadataOfMethod(type, name, REFERENCE) !== undefined ||
    (kind !== undefined && !ROOT_RESOLVERS.includes(kind))
  );
}

function isDriver(instance: unknown): instance is object {
  return (
    typeof instance === 'object' &&
    instance !== null &&
    typeof Reflect.get(instance, 'mergeDefaultOptions') === 'function' &&
    typeof Reflect.get(instance, 'start') === 'function'
  );
}

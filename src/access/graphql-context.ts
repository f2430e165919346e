import type { ExecutionContext } from '@nestjs/common';
import { type AnyRequest, rawRequest, type RawRequest } from './request-access.js';

/** What applications and drivers put into GraphQL's context, as far as it is used here. */
interface GraphqlContext {
  /** Of Apollo's driver: the request, or the connection of graphql-ws. */
  readonly req?: unknown;
  /** Of Mercurius. */
  readonly reply?: { readonly request?: unknown };
  readonly request?: unknown;
  /** Of graphql-ws, where the application hands it on. */
  readonly extra?: { readonly request?: unknown };
}

/**
 * The context that GraphQL hands to all resolvers of one operation. Reference resolvers and type resolvers get it
 * second, all others third; @nestjs/graphql, which is optional, tells them apart in the same way.
 */
export function graphqlContextOf(context: ExecutionContext): object | undefined {
  const values: readonly unknown[] = context.getArgs();
  const position = [3, 2].find((index) => isInfo(values[index]));
  const value = position === undefined ? undefined : values[position - 1];
  return isObject(value) ? value : undefined;
}

/**
 * Node's own request behind a call of GraphQL: that of the operation, or the upgrade of the socket that it came over.
 * What Mercurius says comes first: where an application gives all requests the same context, `req` is the first
 * caller's.
 */
export function requestOfGraphql(context: ExecutionContext): RawRequest | undefined {
  const { req, reply, request, extra } = (graphqlContextOf(context) ?? {}) as GraphqlContext;
  return [reply?.request, req, (req as GraphqlContext | undefined)?.extra?.request, extra?.request, request]
    .map((candidate) => (isObject(candidate) ? rawRequest(candidate as AnyRequest) : undefined))
    .find((raw) => raw !== undefined && isRequest(raw));
}

function isInfo(value: unknown): boolean {
  return isObject(value) && 'fieldName' in value && 'operation' in value;
}

function isRequest(raw: RawRequest): boolean {
  return isObject(raw.headers) && Array.isArray(raw.rawHeaders);
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

import type { EventEmitter } from 'node:events';
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { AnyRequest } from '../../access/request-access.js';
import type { Next } from './edge-host.js';

// What of Fastify is used here; Fastify itself is not imported.

export interface FastifyLike {
  readonly server: EventEmitter;
  /** Absent until middie is registered. */
  use?(...args: unknown[]): unknown;
  addHook(name: 'onRequest', hook: RequestHook): unknown;
  addHook(name: 'onRegister', hook: (instance: FastifyLike) => void): unknown;
  register(plugin: (instance: FastifyLike) => Promise<void>): unknown;
}

export type FastifyRequestLike = AnyRequest & {
  readonly raw: IncomingMessage;
  readonly routeOptions: { readonly url?: string | undefined };
  /** The context that the route was made in. */
  readonly server: FastifyLike;
};

export interface FastifyReplyLike {
  getHeader(name: string): unknown;
  readonly raw: ServerResponse;
  code(status: number): this;
  headers(values: Record<string, string>): this;
  getHeaders(): OutgoingHttpHeaders;
  send(body: object): this;
}

export type RequestHook = (request: FastifyRequestLike, reply: FastifyReplyLike, done: Next) => void;

/**
 * The request hooks of a context so far, to be changed in place. Fastify tells of them nowhere else.
 * @returns undefined where this version keeps them in another way
 */
export function requestHooksOf(instance: FastifyLike): RequestHook[] | undefined {
  const hooks = internal(instance, 'fastify.hooks');
  const list: unknown = typeof hooks === 'object' && hooks !== null && Reflect.get(hooks, 'onRequest');
  return Array.isArray(list) ? (list as RequestHook[]) : undefined;
}

/** The contexts made below this one so far, at any depth. */
export function contextsBelow(instance: FastifyLike): readonly FastifyLike[] {
  const children = internal(instance, 'fastify.children');
  if (!Array.isArray(children)) return [];
  return (children as FastifyLike[]).flatMap((child) => [child, ...contextsBelow(child)]);
}

/** Contexts inherit from each other as objects do, but each has these of its own. */
function internal(instance: FastifyLike, description: string): unknown {
  const key = Object.getOwnPropertySymbols(instance).find((symbol) => symbol.description === description);
  return key && Reflect.get(instance, key);
}

/** Nest's own hooks, which answer nothing but preflights and refusals of their own; by what their code is about. */
const NEST_HOOK =
  /\.(?:onRequestHook|isShuttingDown|corsHook|securityHook|isRoutableRequestTarget|versionExtractorErrors)\b/;

/** Whether a hook is one that Nest's adapter added, or middie's, which runs what `app.use()` was given. */
export function isHookOfNest(hook: RequestHook): boolean {
  return hook.name === 'runMiddie' || NEST_HOOK.test(Function.prototype.toString.call(hook));
}

import type { IncomingMessage } from 'node:http';
import { Injectable } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { rawRequest, type AnyRequest } from '../../access/request-access.js';
import { graphqlModulesOf } from '../../access/unasked-resolvers.js';
import { GraphqlConnections } from './graphql-connections.js';
import { isGraphqlSocket } from './graphql-socket.js';
import { withOwnContext } from './own-context.js';

type Hook = (this: unknown, first: unknown, ...rest: unknown[]) => unknown;

/** What of the options of @nestjs/graphql's drivers is used here. */
interface DriverOptions {
  readonly context?: unknown;
  readonly path?: string;
  /** Of Apollo. */
  readonly installSubscriptionHandlers?: boolean;
  readonly subscriptions?: Readonly<Record<string, unknown>>;
  /** Of Mercurius. */
  readonly subscription?: unknown;
}

interface Driver {
  start(options: DriverOptions): Promise<unknown>;
}

const GRAPHQL_WS = 'graphql-ws';

/**
 * What drivers are started with: a context of its own for each call, and every connection of a subscription asked for
 * its credentials before the library hears of its first operation. Connections of drivers that know no such hook reach
 * no guarded resolver.
 */
@Injectable()
export class DriverHooks {
  readonly #modules: ModulesContainer;
  private readonly paths = new Set<string>();
  private readonly hooked = new WeakSet<object>();

  constructor(
    modules: ModulesContainer,
    private readonly connections: GraphqlConnections,
  ) {
    this.#modules = modules;
  }

  /** Before drivers are started. The options that an application gave are left as they are. */
  takeHold(): void {
    for (const { driver } of graphqlModulesOf(this.#modules)) {
      if (!driver || this.hooked.has(driver)) continue;
      this.hooked.add(driver);
      const { start } = driver as Driver;
      (driver as Driver).start = (options) => start.call(driver, this.withHooks(withContext(options)));
    }
  }

  /** Whether an upgrade goes to where connections are asked for what the path rules ask, once they say who they are. */
  isAsked({ url = '/' }: IncomingMessage): boolean {
    const [path = ''] = url.split('?', 1);
    return this.paths.has(path);
  }

  private withHooks(options: DriverOptions): DriverOptions {
    const { subscription, installSubscriptionHandlers } = options;
    const subscriptions =
      options.subscriptions ?? (installSubscriptionHandlers ? { [GRAPHQL_WS]: {} } : undefined);
    const ofWs: unknown = subscriptions?.[GRAPHQL_WS];
    if (ofWs) {
      const given = optionsOf(ofWs);
      this.follow(given['path'] ?? options.path);
      return {
        ...options,
        subscriptions: { ...subscriptions, [GRAPHQL_WS]: { ...given, onConnect: this.ofGraphqlWs(given) } },
      };
    }
    if (!subscription) return options;
    this.follow(options.path);
    const given = optionsOf(subscription);
    return { ...options, subscription: { ...given, onConnect: this.ofMercurius(given) } };
  }

  private follow(path: unknown): void {
    if (typeof path === 'string') this.paths.add(path);
    this.connections.start();
  }

  private ofGraphqlWs({ onConnect }: Readonly<Record<string, unknown>>): Hook {
    const { connections } = this;
    return async function (this: unknown, context, ...rest) {
      const { extra, connectionParams } = context as {
        readonly extra?: { readonly socket?: unknown; readonly request?: unknown };
        readonly connectionParams?: unknown;
      };
      const isIn = await askedFor(connections, extra?.socket, extra?.request, connectionParams);
      return (
        isIn && (typeof onConnect === 'function' ? (onConnect as Hook).call(this, context, ...rest) : true)
      );
    };
  }

  /** Mercurius calls it on its connection. */
  private ofMercurius({ onConnect }: Readonly<Record<string, unknown>>): Hook {
    const { connections } = this;
    return async function (this: unknown, message, ...rest) {
      const { socket, context } = (this ?? {}) as {
        readonly socket?: unknown;
        readonly context?: { readonly request?: unknown };
      };
      const { payload } = (message ?? {}) as { readonly payload?: unknown };
      const isIn = await askedFor(connections, socket, context?.request, payload);
      return (
        isIn && (typeof onConnect === 'function' ? (onConnect as Hook).call(this, message, ...rest) : true)
      );
    };
  }
}

function withContext(options: DriverOptions): DriverOptions {
  const { context } = options;
  return typeof context === 'function' ? { ...options, context: withOwnContext(context as Hook) } : options;
}

async function askedFor(
  connections: GraphqlConnections,
  socket: unknown,
  request: unknown,
  params: unknown,
): Promise<boolean> {
  if (!isGraphqlSocket(socket) || typeof request !== 'object' || request === null) return false;
  return connections.admit(socket, rawRequest(request as AnyRequest), params);
}

function optionsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

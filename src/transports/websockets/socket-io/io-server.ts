import type { IoClient, IoConnection, IoSocket } from './io-socket.js';

// What of socket.io's servers and namespaces is used here; socket.io itself is not imported.

export type IoMiddleware = (socket: IoSocket, next: (error?: Error) => void) => void;

export interface IoAdapter {
  close(): unknown;
}
export type IoAdapterClass = new (namespace: IoNamespace) => IoAdapter;

export interface IoNamespace {
  readonly name: string;
  readonly adapter: IoAdapter;
  /** Those that were let in. */
  readonly sockets: ReadonlyMap<string, IoSocket>;
  /** Those that middleware has not decided on yet. */
  readonly _preConnectSockets: ReadonlyMap<string, IoSocket>;
  /** Middleware, in the order in which it runs. */
  readonly _fns: IoMiddleware[];
  /** Where a session is restored, if the auth that was sent names one. */
  _createSocket(client: IoClient, auth: object): Promise<IoSocket>;
  /** Called for every socket that leaves, or was refused. */
  _remove(socket: IoSocket): void;
  prependListener(event: 'connect', listener: (socket: IoSocket) => void): unknown;
}

/** The namespaces that a RegExp or a function stands for. */
export interface IoParentNamespace {
  readonly children: Set<IoNamespace>;
}

export interface IoEngine {
  readonly opts: {
    allowRequest?: (request: unknown, answer: (reason: string, isAllowed: boolean) => void) => void;
  };
  readonly clients: Readonly<Record<string, IoConnection>>;
  readonly clientsCount: number;
}

export interface IoServer {
  /** Undefined until the server is attached. */
  readonly engine?: IoEngine;
  /** The server that it is attached to. */
  readonly httpServer?: unknown;
  /** Where it is, without a trailing slash. */
  path(): string;
  /** The server's options. */
  readonly opts: {
    readonly addTrailingSlash?: boolean;
    readonly connectionStateRecovery?: { skipMiddlewares?: boolean };
    readonly cleanupEmptyChildNamespaces?: boolean;
  };
  /** The namespaces that there are, the main one among them. */
  readonly _nsps: Map<string, IoNamespace>;
  readonly parentNsps: ReadonlyMap<unknown, IoParentNamespace>;
  /** Makes the namespace that a handshake asks for, if a RegExp or a function takes its name. */
  _checkNamespace(name: string, auth: object, done: (namespace: IoNamespace | false) => void): void;
  adapter(): IoAdapterClass;
  adapter(constructor: IoAdapterClass): unknown;
  on(event: 'new_namespace', listener: (namespace: IoNamespace) => void): unknown;
}

/** The name of socket.io's main namespace. */
export const MAIN = '/';

/** By what its documentation promises. */
export function isIoServer(server: unknown): server is IoServer {
  return (
    typeof server === 'object' &&
    server !== null &&
    ['use', 'of', 'on', 'path'].every((name) => typeof Reflect.get(server, name) === 'function') &&
    'opts' in server
  );
}

/** The server that a namespace belongs to; undefined if this is no namespace. */
export function serverOfNamespace(namespace: object): IoServer | undefined {
  const server: unknown = Reflect.get(namespace, 'server');
  return typeof Reflect.get(namespace, 'use') === 'function' && isIoServer(server) ? server : undefined;
}

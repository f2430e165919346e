import type { Denial } from '../access/denial.js';
import type { Gateway } from './gateway-table.js';
import type { Handshake } from './handshake.js';
import { sourceOfIoSocket, type IoSocket } from './handshake-source.js';
import { refusalFrame } from './socket-refusal.js';

type Next = (error?: Error) => void;

/** What of socket.io's servers and namespaces is used here; socket.io itself is not imported. */
interface IoNamespace {
  readonly name?: string;
  use(middleware: (socket: IoSocket, next: Next) => void): unknown;
}

export interface IoServer extends IoNamespace {
  /** The server's options. */
  readonly opts: { readonly connectionStateRecovery?: { skipMiddlewares?: boolean } };
  of(name: string): IoNamespace;
  on(event: 'new_namespace', listener: (namespace: IoNamespace) => void): unknown;
}

/** The name of socket.io's main namespace. */
const MAIN = '/';

export function isIoServer(server: object): server is IoServer {
  return (
    ['use', 'of', 'on'].every((name) => typeof Reflect.get(server, name) === 'function') && 'opts' in server
  );
}

/** A namespace belongs to a server that was gated before it. */
export function isIoNamespace(server: object): boolean {
  return typeof Reflect.get(server, 'use') === 'function' && 'server' in server;
}

/** Verifies every handshake with every namespace of this server, also those made later, before it is connected. */
export function gateIoServer(
  server: IoServer,
  handshake: Handshake,
  path: string,
  gateways: readonly Gateway[],
): void {
  const { websocketQueryToken } = handshake.config;
  const gate = (namespace: IoNamespace, name: string): void => {
    const served = gateways.filter((gateway) => serves(gateway, name));
    namespace.use((socket, next) => {
      const conclude = (denial: Denial | undefined): void => next(denial && connectError(denial));
      const outcome = handshake.admit({
        carrier: socket,
        source: sourceOfIoSocket(socket, websocketQueryToken),
        target: socket.request.url ?? '/',
        paths: [path, name],
        gateways: served,
      });
      if (outcome instanceof Promise) outcome.then(conclude, next);
      else conclude(outcome);
    });
  };
  gate(server, MAIN);
  server.on('new_namespace', (namespace) => gate(namespace, namespace.name ?? MAIN));
  // A socket that comes back after a lost connection is verified like any other: its token may have ended meanwhile.
  const recovery = server.opts.connectionStateRecovery;
  if (recovery) recovery.skipMiddlewares = false;
}

function serves({ namespace }: Gateway, name: string): boolean {
  if (namespace === undefined) return name === MAIN;
  if (typeof namespace === 'string')
    return (namespace.startsWith('/') ? namespace : `/${namespace}`) === name;
  // Whether a function would take the name cannot be asked twice: its gateway counts always.
  return namespace instanceof RegExp
    ? new RegExp(namespace.source, namespace.flags.replace(/[gy]/, '')).test(name)
    : true;
}

/** What the client's `connect_error` gets: the text as `message`, the stable code in `data`. */
function connectError(denial: Denial): Error {
  const { detail } = refusalFrame(denial);
  return Object.assign(new Error(detail), { data: { code: denial.code, detail: denial.detail } });
}

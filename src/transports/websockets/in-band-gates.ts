import type { IncomingMessage } from 'node:http';
import type { ServedGateways } from './gated-server.js';
import { isIoServer, type IoServer } from './socket-io/io-server.js';

/** engine.io, which socket.io runs on, has another answer for each of these; a handshake names one that it has. */
const POLLING = 'polling';
const WEBSOCKET = 'websocket';

/**
 * Whether the upgrade goes to a server whose handshakes are gated, so that the gate asks what its path and gateways
 * need. Read as the server reads it: whatever it would not take goes to somebody else.
 */
export function isGatedUpgrade(
  request: IncomingMessage,
  gated: ReadonlyMap<object, ServedGateways>,
  httpServer: object,
): boolean {
  for (const [server, { paths }] of gated) {
    if (isIoServer(server)) {
      if (isEngineHandshake(request, server, httpServer, WEBSOCKET)) return true;
    } else if (paths.includes(pathnameOf(request) ?? '')) return true;
  }
  return false;
}

/**
 * Whether the request is part of a connection of socket.io by polling: it carries messages only, and no namespace
 * serves anything before the gate has asked for it. engine.io's other answers, such as its client script, are no part.
 */
export function isGatedPolling(
  request: IncomingMessage,
  gated: ReadonlyMap<object, ServedGateways>,
  httpServer: object,
): boolean {
  const { method } = request;
  if (method !== 'GET' && method !== 'POST') return false;
  for (const server of gated.keys()) {
    if (isIoServer(server) && isEngineHandshake(request, server, httpServer, POLLING)) return true;
  }
  return false;
}

/** engine.io takes whatever begins with its path; its clients ask for nothing but that. */
function isEngineHandshake(
  { url = '' }: IncomingMessage,
  server: IoServer,
  httpServer: object,
  transport: string,
): boolean {
  if (server.httpServer !== httpServer) return false;
  const start = url.indexOf('?');
  if (start === -1) return false;
  const path = server.opts.addTrailingSlash === false ? server.path() : `${server.path()}/`;
  return url.slice(0, start) === path && new URLSearchParams(url.slice(start)).get('transport') === transport;
}

/** As the ws adapter of Nest reads it. */
function pathnameOf({ url = '', headers }: IncomingMessage): string | undefined {
  const base = `ws://${headers.host}/`;
  return URL.canParse(url, base) ? new URL(url, base).pathname : undefined;
}

import type { IncomingMessage } from 'node:http';
import { SafeLogger } from '../../../events/safe-logger.js';
import { ENDED } from '../../../wire/socket-events.js';
import { endedNotice } from '../../live/socket-ending.js';
import type { TalkativeSocketKind } from '../../live/socket-kind.js';

/** A connection of engine.io, which socket.io runs on. */
export interface IoConnection {
  /** What waits for the transport. */
  readonly writeBuffer: readonly unknown[];
  readonly transport: {
    /** Of one that is a WebSocket; of ws, or of another library that socket.io was given. */
    readonly socket?: { close(code: number, reason: string): void; terminate?(): void };
  };
  once(event: 'drain', listener: () => void): unknown;
  close(): unknown;
}

/** What of a socket.io client, one connection with sockets in several namespaces, is used here. */
export interface IoClient {
  readonly conn: IoConnection;
  readonly request: IncomingMessage;
  /** Those that were let in. */
  readonly sockets: ReadonlyMap<string, IoSocket>;
  close(): void;
}

/** What of a socket.io socket is used here; socket.io itself is not imported. */
export interface IoSocket {
  readonly client: IoClient;
  readonly connected: boolean;
  readonly request: IncomingMessage;
  readonly nsp: { readonly name: string };
  readonly handshake: { readonly auth: unknown };
  on(event: string, listener: (...args: unknown[]) => void): unknown;
  emit(event: string, data: object): unknown;
  disconnect(): unknown;
}

const LOGGER = new SafeLogger();

/**
 * The sockets of one server.
 * @param closeSoon closes the client's connection if no other namespace is left on it
 */
export function ioSockets(closeSoon: (client: IoClient) => void): TalkativeSocketKind<IoSocket> {
  return {
    isOpen: (socket) => socket.connected,
    tell: (socket, event, data) => void socket.emit(event, data),
    end(socket, ending) {
      // Those who listen to what goes out may throw, and the socket has to leave all the same.
      LOGGER.contain('Telling a socket of its end', () => socket.emit(ENDED, endedNotice(ending)));
      // It leaves at once; other namespaces on the same connection have tokens of their own.
      LOGGER.contain('Disconnecting a socket', () => socket.disconnect());
      closeSoon(socket.client);
    },
    cut(socket) {
      // Only where somebody who hears of the disconnection has kept it from being done.
      if (socket.connected) socket.client.close();
    },
  };
}

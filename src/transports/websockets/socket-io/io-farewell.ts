import { SafeLogger } from '../../../events/safe-logger.js';
import { ENDED } from '../../../wire/socket-events.js';
import { endedNotice, ENDINGS } from '../../live/socket-ending.js';
import { GOING_AWAY } from '../../../wire/close-code.js';
import type { IoServer } from './io-server.js';
import type { IoConnection } from './io-socket.js';

const LOGGER = new SafeLogger();

/**
 * Tells all sockets that the server goes away, and closes their connections. They are not disconnected from their
 * namespaces, nor are those that come now refused in one: after either, a client would not come back by itself.
 */
export function closeIoClients({ engine, _nsps }: IoServer): void {
  if (!engine) return;
  engine.opts.allowRequest = (_request, answer) => answer(ENDINGS.goingAway.detail, false);
  for (const { sockets } of _nsps.values()) {
    for (const socket of sockets.values()) {
      LOGGER.contain('Telling a socket of the end', () => socket.emit(ENDED, endedNotice(ENDINGS.goingAway)));
    }
  }
  for (const connection of Object.values(engine.clients)) {
    if (connection.writeBuffer.length === 0) close(connection);
    else connection.once('drain', () => close(connection));
  }
}

export function hasIoClients({ engine }: IoServer): boolean {
  return engine !== undefined && engine.clientsCount > 0;
}

/** Cuts the connections of those that have not answered the close; ws would wait for 30 seconds. */
export function cutIoClients({ engine }: IoServer): void {
  for (const { transport } of Object.values(engine?.clients ?? {})) {
    LOGGER.contain('Cutting a socket', () => transport.socket?.terminate?.());
  }
}

function close(connection: IoConnection): void {
  LOGGER.contain('Closing a socket', () => {
    const { socket } = connection.transport;
    if (socket) socket.close(GOING_AWAY, ENDINGS.goingAway.code);
    else connection.close();
  });
}

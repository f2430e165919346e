import { SafeLogger } from '../../../events/safe-logger.js';
import type { IoClient, IoSocket } from './io-socket.js';

/** How long a client has to try another namespace, or to read why it was refused. */
const GRACE_MS = 2000;
/** How long it has to answer the close; ws itself waits for 30 seconds. */
const CLOSE_MS = 2000;

const LOGGER = new SafeLogger();

/**
 * Closes connections on which no namespace is left after one was refused or ended. socket.io itself closes only
 * those that never got into any (`connectTimeout`, 45 seconds), and its clients close theirs by themselves.
 */
export class IoIdleClients {
  /** Sockets that are not decided on yet. */
  private readonly undecided = new WeakMap<IoClient, Set<IoSocket>>();
  private readonly leaving = new WeakSet<IoClient>();

  /** The socket waits for the middleware's word. */
  comes(socket: IoSocket): void {
    const sockets = this.undecided.get(socket.client);
    if (sockets) sockets.add(socket);
    else this.undecided.set(socket.client, new Set([socket]));
  }

  /**
   * It is let in, or not.
   * @returns whether it was undecided until now
   */
  decided(socket: IoSocket): boolean {
    const sockets = this.undecided.get(socket.client);
    const was = sockets?.delete(socket) === true;
    if (sockets?.size === 0) this.undecided.delete(socket.client);
    return was;
  }

  /** A socket has left; one that was never let in was refused, by whatever middleware. */
  left(socket: IoSocket): void {
    if (this.decided(socket)) this.closeSoon(socket.client);
  }

  closeSoon(client: IoClient): void {
    if (this.leaving.has(client)) return;
    this.leaving.add(client);
    setTimeout(() => {
      this.leaving.delete(client);
      if (client.sockets.size > 0 || this.undecided.has(client)) return;
      LOGGER.contain('Closing a connection', () => close(client));
    }, GRACE_MS).unref();
  }
}

function close(client: IoClient): void {
  const { socket } = client.conn.transport;
  client.close();
  if (!socket) return;
  const cut = (): void => LOGGER.contain('Cutting a connection', () => socket.terminate?.());
  setTimeout(cut, CLOSE_MS).unref();
}

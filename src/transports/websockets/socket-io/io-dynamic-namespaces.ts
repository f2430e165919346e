import { SafeLogger } from '../../../events/safe-logger.js';
import type { IoNamespace, IoParentNamespace, IoServer } from './io-server.js';

const LOGGER = new SafeLogger();

/** Of a name that a client may choose, in bytes. Longer ones are none of the application's RegExps and functions. */
const MAX_NAME_BYTES = 1024;

/**
 * socket.io makes a namespace for each name that a handshake asks for and a RegExp or a function takes, before
 * anybody has looked at the socket, and keeps it. Here one that nobody was let into goes again, and one that the
 * application lets go when it is empty (`cleanupEmptyChildNamespaces`) does not go while a handshake is undecided.
 */
export class IoDynamicNamespaces {
  /** Made by handshakes, and never entered. */
  private readonly unused = new WeakSet<IoNamespace>();
  private readonly leaving = new WeakSet<IoNamespace>();

  constructor(private readonly server: IoServer) {
    const check = server._checkNamespace.bind(server);
    server._checkNamespace = (name, auth, done) => {
      if (name.length > MAX_NAME_BYTES || Buffer.byteLength(name) > MAX_NAME_BYTES) return done(false);
      check(name, auth, (namespace) => {
        if (namespace && namespace.sockets.size === 0) this.unused.add(namespace);
        done(namespace);
      });
    };
  }

  /** Somebody was let in. */
  entered(namespace: IoNamespace): void {
    this.unused.delete(namespace);
  }

  /** A socket has left, or was refused. */
  left(namespace: IoNamespace): void {
    if (this.leaving.has(namespace) || !this.isToGo(namespace)) return;
    this.leaving.add(namespace);
    // Not at once: a handshake that has just begun is not among its sockets yet.
    setImmediate(() => {
      this.leaving.delete(namespace);
      if (this.isToGo(namespace)) LOGGER.contain('Dropping a namespace', () => this.drop(namespace));
    });
  }

  private isToGo(namespace: IoNamespace): boolean {
    return (
      namespace.sockets.size === 0 &&
      namespace._preConnectSockets.size === 0 &&
      (this.unused.has(namespace) || this.server.opts.cleanupEmptyChildNamespaces === true) &&
      this.parentOf(namespace) !== undefined
    );
  }

  private drop(namespace: IoNamespace): void {
    this.parentOf(namespace)?.children.delete(namespace);
    if (this.server._nsps.get(namespace.name) === namespace) this.server._nsps.delete(namespace.name);
    // Those that share a broker with other processes take their time.
    const closing: unknown = namespace.adapter.close();
    if (closing instanceof Promise) closing.catch((error) => LOGGER.failure('Closing a namespace', error));
  }

  private parentOf(namespace: IoNamespace): IoParentNamespace | undefined {
    for (const parent of this.server.parentNsps.values()) if (parent.children.has(namespace)) return parent;
    return undefined;
  }
}

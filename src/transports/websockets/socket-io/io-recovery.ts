import type { IoAdapterClass, IoNamespace, IoServer } from './io-server.js';
import type { IoClient } from './io-socket.js';

/** The in-memory adapter that keeps sessions, which is a subclass of the one that does not. */
const KEEPING = 'SessionAwareAdapter';

/**
 * A session is restored, with its rooms and what it missed, before any middleware has looked at the socket, and to
 * whoever knows its id. So none is where something is guarded: the client gets a new one, as after a long absence.
 */
export function restoreOnlyWhere(namespace: IoNamespace, mayRestore: (client: IoClient) => boolean): void {
  const create = namespace._createSocket.bind(namespace);
  namespace._createSocket = (client, auth) =>
    create(client, Object.hasOwn(auth, 'pid') && !mayRestore(client) ? { ...auth, pid: undefined } : auth);
}

/**
 * What is never restored need not be kept; moreover, the adapter that keeps sessions in memory has a timer which
 * outlives its namespace.
 */
export function keepSessionsOnlyWhere(server: IoServer, mayRestore: (name: string) => boolean): void {
  const Keeping = server.adapter();
  if (Keeping.name !== KEEPING) return;
  const Plain = Object.getPrototypeOf(Keeping) as IoAdapterClass;
  server.adapter(
    class {
      constructor(namespace: IoNamespace) {
        return mayRestore(namespace.name) ? new Keeping(namespace) : new Plain(namespace);
      }
    } as IoAdapterClass,
  );
}

/** What lives by a client's token. */
interface OfClient {
  readonly clientId: string | undefined;
}

/** Sockets by their clients. A client mostly has one, which then takes no set of its own. */
export class ClientSockets<S extends OfClient> {
  readonly #sockets = new Map<string, S | Set<S>>();

  /** How many clients there are. */
  get size(): number {
    return this.#sockets.size;
  }

  /** A socket without a client is left out. */
  add(socket: S): void {
    const { clientId } = socket;
    if (clientId === undefined) return;
    const before = this.#sockets.get(clientId);
    if (before === undefined) this.#sockets.set(clientId, socket);
    else if (before instanceof Set) before.add(socket);
    else if (before !== socket) this.#sockets.set(clientId, new Set([before, socket]));
  }

  delete(socket: S): void {
    const { clientId } = socket;
    if (clientId === undefined) return;
    const before = this.#sockets.get(clientId);
    if (before === socket) this.#sockets.delete(clientId);
    else if (before instanceof Set && before.delete(socket) && before.size === 0)
      this.#sockets.delete(clientId);
  }

  has(clientId: string): boolean {
    return this.#sockets.has(clientId);
  }

  of(clientId: string): Iterable<S> {
    const sockets = this.#sockets.get(clientId);
    if (sockets === undefined) return [];
    return sockets instanceof Set ? sockets : [sockets];
  }

  clientIds(): Iterable<string> {
    return this.#sockets.keys();
  }
}

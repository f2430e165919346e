interface LastToken<T> {
  token: string;
  known: T;
}

/**
 * What is known of the token that each connection brought last. Clients send one token over and over on a connection
 * that they keep: to compare it takes a third of the instructions that its digest and a look-up take, the rest of the
 * guard included. Ends with the connection, and holds the token's text no longer than that.
 */
export class ConnectionTokens<T> {
  readonly #last = new WeakMap<object, LastToken<T>>();

  /** @returns undefined if the connection brought another token last, or none */
  get(connection: object, token: string): T | undefined {
    const last = this.#last.get(connection);
    return last?.token === token ? last.known : undefined;
  }

  set(connection: object, token: string, known: T): void {
    const last = this.#last.get(connection);
    if (last === undefined) {
      this.#last.set(connection, { token, known });
      return;
    }
    last.token = token;
    last.known = known;
  }

  delete(connection: object): void {
    this.#last.delete(connection);
  }
}

/** Calls of a store whose outcome is not known yet: it closes once they have settled. */
export class PendingCalls {
  readonly #calls = new Set<Promise<unknown>>();

  /** @returns what the call gives */
  async add<T>(call: Promise<T>): Promise<T> {
    this.#calls.add(call);
    try {
      return await call;
    } finally {
      this.#calls.delete(call);
    }
  }

  async settle(): Promise<void> {
    await Promise.allSettled(this.#calls);
  }
}

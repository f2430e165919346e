/** Writes of a store whose outcome is not known yet: it closes once they have settled. */
export class PendingWrites {
  readonly #writes = new Set<Promise<unknown>>();

  /** @returns what the write gives */
  async add<T>(write: Promise<T>): Promise<T> {
    this.#writes.add(write);
    try {
      return await write;
    } finally {
      this.#writes.delete(write);
    }
  }

  async settle(): Promise<void> {
    await Promise.allSettled(this.#writes);
  }
}

/** What an {@link ExpiryQueue} holds. `queueIndex` belongs to the queue. */
export interface Expiring {
  expiresAt: number;
  queueIndex: number;
}

/**
 * The items by their end, soonest first: a binary heap whose items know their place, so that adding, moving and
 * removing cost O(log n) and nothing stale is kept when a session is refreshed or evicted long before its end.
 */
export class ExpiryQueue<T extends Expiring> {
  readonly #heap: T[] = [];

  /** The item that ends first. */
  get first(): T | undefined {
    return this.#heap[0];
  }

  add(item: T): void {
    item.queueIndex = this.#heap.push(item) - 1;
    this.#raise(item);
  }

  remove(item: T): void {
    const last = this.#heap.pop();
    if (last === undefined || last === item) return;
    this.#place(last, item.queueIndex);
    this.#raise(last);
    this.#sink(last);
  }

  /** Gives an item of the queue another end. */
  reschedule(item: T, expiresAt: number): void {
    item.expiresAt = expiresAt;
    this.#raise(item);
    this.#sink(item);
  }

  #place(item: T, index: number): void {
    this.#heap[index] = item;
    item.queueIndex = index;
  }

  #raise(item: T): void {
    for (;;) {
      const parent = this.#heap[(item.queueIndex - 1) >> 1];
      if (item.queueIndex === 0 || parent === undefined || parent.expiresAt <= item.expiresAt) return;
      this.#swap(item, parent);
    }
  }

  #sink(item: T): void {
    for (;;) {
      const left = this.#heap[2 * item.queueIndex + 1];
      const right = this.#heap[2 * item.queueIndex + 2];
      const sooner =
        right !== undefined && left !== undefined && right.expiresAt < left.expiresAt ? right : left;
      if (sooner === undefined || sooner.expiresAt >= item.expiresAt) return;
      this.#swap(item, sooner);
    }
  }

  #swap(a: T, b: T): void {
    const index = a.queueIndex;
    this.#place(a, b.queueIndex);
    this.#place(b, index);
  }
}

import type { MaybePromise } from '../../sessions/token-store.js';

/** How many handshakes may ask the store at once: more would be refused by stores that limit what is in flight. */
const AT_ONCE = 64;
/** How many may wait for keys that are being read again; together with those above, fewer than stores take at once. */
const WAITING_FOR_KEYS = 32;

/**
 * Lets handshakes ask the store a few at a time, in the order in which they came: when all clients reconnect at
 * once, each is to be answered, not refused because of the others.
 */
export class HandshakeQueue {
  #asking = 0;
  readonly #waiting: (() => void)[] = [];
  #next = 0;
  #forKeys = 0;

  /** @param work what asks the store; with one that answers at once, nothing ever waits */
  run<T>(work: () => MaybePromise<T>): MaybePromise<T> {
    if (this.#asking >= AT_ONCE) {
      return new Promise<void>((resolve) => this.#waiting.push(resolve)).then(() => this.#ask(work));
    }
    const answer = work();
    if (!(answer instanceof Promise)) return answer;
    this.#asking++;
    return answer.finally(() => this.#leave());
  }

  /**
   * As {@link run}, for one that names an unknown key and so waits for the source of keys, which may be slow, before
   * it asks the store, if at all. It takes no place, and does not wait for one.
   * @returns undefined where too many of the kind wait already
   */
  runForKeys<T>(work: () => MaybePromise<T>): MaybePromise<T> | undefined {
    if (this.#forKeys >= WAITING_FOR_KEYS) return undefined;
    const answer = work();
    if (!(answer instanceof Promise)) return answer;
    this.#forKeys++;
    return answer.finally(() => this.#forKeys--);
  }

  /** In the place of one that has left. */
  async #ask<T>(work: () => MaybePromise<T>): Promise<T> {
    try {
      return await work();
    } finally {
      this.#leave();
    }
  }

  #leave(): void {
    const next = this.#waiting[this.#next];
    if (next) {
      this.#next++;
      return next();
    }
    this.#asking--;
    this.#waiting.length = 0;
    this.#next = 0;
  }
}

import type { SessionRecord } from '../sessions/session-record.js';
import type { TokenStore } from '../sessions/token-store.js';

/** The calls of the port that change sessions. */
const WRITES: readonly (string | symbol)[] = ['insert', 'rotate', 'label', 'revoke', 'revokeClient'];

/**
 * Time that a test lets go by does not go by for a backend with a clock of its own. Seen through this, a store adds it
 * to what that clock says of the age of a rotation. Between reading and writing it can also make the backend stall.
 */
export class PassingTime {
  /** Seconds that the test has let go by; less than before when all clocks are set back. */
  passed = 0;
  /** Called once, when the next write is about to be sent. */
  beforeWrite: (() => Promise<void>) | undefined;
  /** By hash of the refresh token, how many had gone by when it was made; undefined for one that a stall held up. */
  readonly #rotations = new Map<string, number | undefined>();

  seenThroughBy(store: TokenStore): TokenStore {
    const rotate: TokenStore['rotate'] = async (record, pair) => {
      // Before its outcome is known: it may take effect and not be answered.
      this.#rotations.set(record.refreshHash, this.passed);
      if (await this.#hasStalled()) this.#rotations.set(record.refreshHash, undefined);
      return store.rotate(record, pair);
    };
    const find: TokenStore['find'] = (key, options) => {
      const found = store.find(key, options);
      return found instanceof Promise ? found.then((record) => this.#aged(record)) : this.#aged(found);
    };
    return new Proxy(store, {
      get: (target, name) => {
        if (name === 'rotate') return rotate;
        if (name === 'find') return find;
        const value: unknown = Reflect.get(target, name, target);
        if (typeof value !== 'function') return value;
        const method = value.bind(target) as (...args: unknown[]) => unknown;
        if (!WRITES.includes(name)) return method;
        return async (...args: unknown[]) => {
          await this.#hasStalled();
          return method(...args);
        };
      },
    });
  }

  async #hasStalled(): Promise<boolean> {
    const { beforeWrite } = this;
    this.beforeWrite = undefined;
    await beforeWrite?.();
    return beforeWrite !== undefined;
  }

  #aged(record: SessionRecord | undefined): SessionRecord | undefined {
    if (record?.rotatedAgo === undefined || record.refreshHash === undefined) return record;
    if (!this.#rotations.has(record.refreshHash)) return record;
    // One that was held up took effect when the backend went on, which is just before it is first seen.
    const rotatedAt = this.#rotations.get(record.refreshHash) ?? this.passed;
    this.#rotations.set(record.refreshHash, rotatedAt);
    return { ...record, rotatedAgo: record.rotatedAgo + this.passed - rotatedAt };
  }
}

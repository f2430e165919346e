import type { TokenStore } from '../stores/token-store.js';
import type { SessionRecord } from '../tokens/session-record.js';

/**
 * Time that a test lets go by does not go by for a backend with a clock of its own. Seen through this, a store adds it
 * to what that clock says of the age of a rotation.
 */
export class PassingTime {
  /** Seconds that the test has let go by; less than before when all clocks are set back. */
  passed = 0;
  /** By hash of the refresh token, how many had gone by when it was made. */
  readonly #rotations = new Map<string, number>();

  seenThroughBy(store: TokenStore): TokenStore {
    const rotate: TokenStore['rotate'] = (record, pair) => {
      // Before its outcome is known: it may take effect and not be answered.
      this.#rotations.set(record.refreshHash, this.passed);
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
        return typeof value === 'function' ? (value.bind(target) as unknown) : value;
      },
    });
  }

  #aged(record: SessionRecord | undefined): SessionRecord | undefined {
    const rotatedAt = record && this.#rotations.get(record.refreshHash);
    if (rotatedAt === undefined || record?.rotatedAgo === undefined) return record;
    return { ...record, rotatedAgo: record.rotatedAgo + this.passed - rotatedAt };
  }
}

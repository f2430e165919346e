import { LRUCache } from 'lru-cache';
import { RateLimiterMemory } from 'rate-limiter-flexible';

/** What one kept key costs besides its text, in bytes. */
const ENTRY_BYTES = 250;
const KEPT_BYTES = 8 * 1024 * 1024;

/** How much a set of keys that strangers choose may take up: what was used the longest ago goes first. */
export const KEPT_KEYS = {
  maxSize: KEPT_BYTES,
  sizeCalculation: (_: unknown, key: string): number => ENTRY_BYTES + 2 * key.length,
} as const;

/** Counts in memory, for about 25 000 addresses at once: a flood from more of them has the oldest counts forgotten. */
export class BoundedMemoryLimiter extends RateLimiterMemory {
  readonly #kept = new LRUCache<string, true>({
    ...KEPT_KEYS,
    dispose: (_, key, reason) => {
      if (reason === 'evict') void super.delete(key);
    },
  });

  override consume(...[key, ...others]: Parameters<RateLimiterMemory['consume']>) {
    this.#kept.set(String(key), true);
    return super.consume(key, ...others);
  }
}

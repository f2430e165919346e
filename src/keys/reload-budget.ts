/** Readings that may follow each other at once. */
const BURST = 4;
/** After them, one in so many milliseconds: how long a real new key waits at most, whatever strangers make up. */
const REFILL_MS = 5000;
/** How long a name is remembered that was asked for, so that one token sent again and again asks no more. */
const REMEMBERED_MS = 30_000;
const MOST_NAMES = 128;

/**
 * How often tokens that name unknown keys may have the keys read again. Anybody can make names up, so each one counts
 * but once in 30 seconds, and all together have four readings, and another one each 5 seconds. A reading finds every
 * new key, whoever asked for it.
 */
export class ReloadBudget {
  #left = BURST;
  #refilledAt: number | undefined;
  /** By name, when it was asked for; the oldest first. */
  readonly #asked = new Map<string, number>();

  /**
   * Whether this name may ask now; if so, it has.
   * @param name of a length that the caller bounds
   * @param now milliseconds since the epoch; a clock that was set back begins anew
   */
  spend(name: string, now: number): boolean {
    const askedAt = this.#asked.get(name);
    if (askedAt !== undefined && now >= askedAt && now - askedAt < REMEMBERED_MS) return false;
    this.#refill(now);
    if (this.#left === 0) return false;
    this.#left--;
    this.#asked.delete(name);
    this.#asked.set(name, now);
    for (const [oldest] of this.#asked) {
      if (this.#asked.size <= MOST_NAMES) break;
      this.#asked.delete(oldest);
    }
    return true;
  }

  #refill(now: number): void {
    const since = now - (this.#refilledAt ??= now);
    const earned = since < 0 ? 0 : Math.floor(since / REFILL_MS);
    this.#left = Math.min(BURST, this.#left + earned);
    this.#refilledAt = since < 0 || this.#left === BURST ? now : this.#refilledAt + earned * REFILL_MS;
  }
}

import { LRUCache } from 'lru-cache';

/** Only tokens with a good signature come here; so many may be told at once to repeat. */
const MOST_WAITING = 10_000;
/** A repeat that comes later than this after the last answer begins anew (seconds). `Retry-After` says 1. */
const PATIENCE = 5;

interface Waiting {
  readonly firstAt: number;
  readonly lastAt: number;
}

/**
 * The refreshes that this process answered 503, by digest of their token. What was sent to the store may have taken
 * effect, and the store may be out of reach for longer than the window is open: a client that goes on repeating, as
 * it was told, asks since its first attempt. Who first asks after the window gains nothing by it. Another process may
 * have answered the client meanwhile, which is not known here: hence the short patience. Times are epoch seconds.
 */
export class UnansweredRefreshes {
  /** Made with the first of them: mostly there is none. */
  private waiting: LRUCache<string, Waiting> | undefined;

  /** The attempt that began at `askedAt` was answered 503 at `now`. */
  add(digest: string, askedAt: number, now: number): void {
    this.waiting ??= new LRUCache({ max: MOST_WAITING });
    this.waiting.set(digest, { firstAt: askedAt - this.waited(digest, askedAt), lastAt: now });
  }

  /** For how many seconds the client that asks at `now` has been asking; 0 if it was not told to repeat lately. */
  waited(digest: string, now: number): number {
    const waiting = this.waiting?.get(digest);
    if (waiting === undefined || now - waiting.lastAt > PATIENCE) return 0;
    return Math.max(0, now - waiting.firstAt);
  }

  forget(digest: string): void {
    this.waiting?.delete(digest);
  }
}

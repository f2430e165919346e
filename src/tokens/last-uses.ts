import { LRUCache } from 'lru-cache';
import type { SessionKey, SessionRecord } from '../sessions/session-record.js';
import type { TokenStore } from '../sessions/token-store.js';

/** Sessions whose last write is remembered, so that a refreshed token is no reason for another one. */
const REMEMBERED_SESSIONS = 10_000;

/**
 * Tells the store when sessions were used: at most once a period for each, never waited for. A write that fails is not
 * repeated before the next period; the store's own log says why.
 */
export class LastUses {
  readonly #writtenAt = new LRUCache<string, number>({ max: REMEMBERED_SESSIONS });

  /** @param period seconds */
  constructor(
    private readonly store: TokenStore,
    private readonly period: number,
  ) {}

  /**
   * @param now epoch seconds
   * @returns from when on a use of this session is to be told again
   */
  used({ clientId, familyId }: SessionRecord, now: number): number {
    const name = `${familyId} ${clientId}`;
    const usedAt = Math.floor(now);
    const due = (this.#writtenAt.get(name) ?? -Infinity) + this.period;
    if (usedAt < due) return due;
    this.#writtenAt.set(name, usedAt);
    // After the request's own work, which is not to wait for a store that writes at once.
    setImmediate(() => void this.#write({ clientId, familyId }, usedAt));
    return usedAt + this.period;
  }

  async #write(key: SessionKey, usedAt: number): Promise<void> {
    try {
      await this.store.touch(key, { usedAt, period: this.period });
    } catch {
      // It is only told less exactly; nobody is waiting for it.
    }
  }
}

import { type Expiring, ExpiryQueue } from '../../sessions/expiry-queue.js';
import { sessionExpiresAt, type SessionRecord } from '../../sessions/session-record.js';

/** A session's place in one of the orders. */
interface Place extends Expiring {
  readonly stored: Stored;
}

/** Its label may change. */
interface Stored {
  readonly record: SessionRecord;
}

/**
 * The sessions of one client that have no refresh token and are not revoked, in the order of their beginnings and of
 * their ends, so that a grant looks at those only that it ends.
 */
export class MemoryGrants {
  readonly #places = new Map<string, { readonly byBeginning: Place; readonly byEnd: Place }>();
  readonly #byBeginning = new ExpiryQueue<Place>();
  readonly #byEnd = new ExpiryQueue<Place>();

  add(stored: Stored): void {
    const { record } = stored;
    this.remove(record);
    const byBeginning = { stored, expiresAt: record.createdAt, queueIndex: -1 };
    const byEnd = { stored, expiresAt: sessionExpiresAt(record), queueIndex: -1 };
    this.#places.set(record.familyId, { byBeginning, byEnd });
    this.#byBeginning.add(byBeginning);
    this.#byEnd.add(byEnd);
  }

  remove({ familyId }: SessionRecord): void {
    const places = this.#places.get(familyId);
    if (places === undefined) return;
    this.#places.delete(familyId);
    this.#byBeginning.remove(places.byBeginning);
    this.#byEnd.remove(places.byEnd);
  }

  /** As `surplusSessions`, for a record without a refresh token; what has ended by then, or goes, leaves. */
  surplus(record: SessionRecord, sessionsPerClient: number): readonly SessionRecord[] {
    this.remove(record);
    const now = Math.floor(record.createdAt);
    for (let first = this.#byEnd.first; first && first.expiresAt < now; first = this.#byEnd.first)
      this.remove(first.stored.record);
    const surplus: SessionRecord[] = [];
    while (this.#places.size + 1 > Math.max(1, sessionsPerClient)) {
      const { stored } = this.#byBeginning.first as Place;
      this.remove(stored.record);
      surplus.push(stored.record);
    }
    return surplus;
  }
}

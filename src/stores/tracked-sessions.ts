import { LRUCache } from 'lru-cache';
import type { SessionKey, SessionRecord } from '../sessions/session-record.js';
import { SessionWatchers } from '../sessions/session-watchers.js';
import type { FindOptions, MaybePromise, SessionWatcher } from '../sessions/token-store.js';

/** Options of {@link TrackedSessions}. */
export interface TrackedSessionsOptions {
  /** How many sessions are kept at most; 0: none, so that every read goes to the backend. */
  readonly size: number;
  /**
   * Reads a session from the backend, as it is after every write that was acknowledged before the call.
   * @param fresh the caller asked for a fresh answer, which says how long ago the session was rotated
   */
  readonly load: (key: SessionKey, fresh: boolean) => Promise<SessionRecord | undefined>;
  /** Milliseconds of a clock that never goes back. Default: `performance.now()`. */
  readonly now?: () => number;
}

interface KeptSession {
  readonly record: SessionRecord;
  readonly readAt: number;
}

/** How old the feed's latest sign of life may be for the cache to be used, in milliseconds. */
export const FEED_SILENCE_MS = 2000;

/**
 * Sessions of a backend across a network, kept in memory for as long as a feed tells of every change. The store that
 * owns the feed says what becomes of it; nothing is kept or served without one:
 *
 * - `connected` once changes are told, `lost` when they may not be, `alive` when all changes up to a time were told;
 * - `changed` for each change that the feed tells, and after own writes, before their promise resolves.
 *
 * A change by another process is seen as soon as the feed tells it, and {@link FEED_SILENCE_MS} after it was made at
 * the latest, even if the feed dies without a word. Only sessions that can be used are kept: neither missing nor
 * revoked ones, so that asking for those pushes nothing out.
 */
export class TrackedSessions {
  readonly #sessions: LRUCache<string, KeptSession> | undefined;
  readonly #load: TrackedSessionsOptions['load'];
  readonly #now: () => number;
  readonly #watchers = new SessionWatchers();
  /** The last read of each session that is under way, as long as nothing changed since it began. */
  readonly #reads = new Map<string, object>();
  #isConnected = false;
  #aliveUntil = -Infinity;
  #longest = Infinity;

  constructor(options: TrackedSessionsOptions) {
    this.#sessions = options.size > 0 ? new LRUCache({ max: options.size }) : undefined;
    this.#load = options.load;
    this.#now = options.now ?? (() => performance.now());
  }

  /** Answers at once for a session that is kept; a promise is always an answer of the backend. */
  find(key: SessionKey, options?: FindOptions): MaybePromise<SessionRecord | undefined> {
    if (key.familyId === undefined) return undefined;
    const name = nameOf(key.clientId, key.familyId);
    if (options?.fresh !== true) {
      const now = this.#now();
      const kept = now < this.#aliveUntil ? this.#sessions?.get(name) : undefined;
      if (kept !== undefined && now < kept.readAt + this.#longest) return kept.record;
    }
    return this.#read(name, key, options?.fresh === true);
  }

  /** After how many milliseconds a session is read again, where changes may be made that the feed does not tell. */
  keepFor(milliseconds: number): void {
    this.#longest = milliseconds;
  }

  watch(watcher: SessionWatcher): () => void {
    return this.#watchers.add(watcher);
  }

  /** From now on the feed tells of every change. @param at when the feed was known to (of `now`) */
  connected(at: number): void {
    this.#forgetAll();
    this.#isConnected = true;
    this.alive(at);
    this.#watchers.notify(undefined);
  }

  /** Everything that changed before `at` (of `now`) has been told. */
  alive(at: number): void {
    if (this.#isConnected) this.#aliveUntil = at + FEED_SILENCE_MS;
  }

  /** Changes may go by untold until the feed is connected again. */
  lost(): void {
    this.#isConnected = false;
    this.#aliveUntil = -Infinity;
    this.#forgetAll();
    this.#watchers.notify(undefined);
  }

  /** A session changed or is gone. @param changed as a {@link SessionWatcher} gets it */
  changed(changed: SessionKey | undefined): void {
    if (changed === undefined) this.#forgetAll();
    else this.forget(changed);
    this.#watchers.notify(changed);
  }

  /** Has the next `find` ask the backend, without telling that something changed. */
  forget({ clientId, familyId }: SessionKey): void {
    if (familyId === undefined) return this.#forgetClient(clientId);
    const name = nameOf(clientId, familyId);
    this.#sessions?.delete(name);
    this.#reads.delete(name);
  }

  async #read(name: string, key: SessionKey, fresh: boolean): Promise<SessionRecord | undefined> {
    if (!this.#isConnected || this.#sessions === undefined) return this.#load(key, fresh);
    const readAt = this.#now();
    const read = {};
    this.#reads.set(name, read);
    try {
      const record = await this.#load(key, fresh);
      if (record === undefined || record.revokedAt !== undefined) this.#sessions.delete(name);
      else if (this.#reads.get(name) === read) {
        this.#sessions.set(name, { record: withoutAge(record), readAt });
      }
      return record;
    } finally {
      if (this.#reads.get(name) === read) this.#reads.delete(name);
    }
  }

  #forgetAll(): void {
    this.#sessions?.clear();
    this.#reads.clear();
  }

  /** Looks at all that is kept: stores name the families that changed wherever they can. */
  #forgetClient(clientId: string): void {
    const prefix = nameOf(clientId, '');
    for (const kept of [this.#sessions, this.#reads]) {
      const names = Array.from(kept?.keys() ?? []);
      for (const name of names) if (name.startsWith(prefix)) kept?.delete(name);
    }
  }
}

/** What is kept gets older. */
function withoutAge(record: SessionRecord): SessionRecord {
  return record.rotatedAgo === undefined ? record : { ...record, rotatedAgo: undefined };
}

/** The length keeps identifiers apart whatever they hold. */
function nameOf(clientId: string, familyId: string): string {
  return `${clientId.length}:${clientId}${familyId}`;
}

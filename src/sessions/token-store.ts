import type {
  RefreshableSession,
  SessionKey,
  SessionRecord,
  SessionTokens,
  TokenPair,
} from './session-record.js';

/** A value, or a promise of it. A store that can answer from memory answers at once, which keeps guards synchronous. */
export type MaybePromise<T> = T | Promise<T>;

/**
 * Hears that a session has changed or left the store: it was rotated, revoked or removed to make room. Those that
 * have ended by themselves and were swept need not be told.
 * @param changed without a family: any session of that client; undefined: any session may have changed, as after a connection was lost; look again at all of them
 */
export type SessionWatcher = (changed: SessionKey | undefined) => void;

/** How many live sessions need a key to be verified. */
export interface KeyUse {
  /** As in {@link SessionRecord.kid}; undefined: the key without an identifier. */
  readonly kid: string | undefined;
  readonly sessions: number;
  /** When the last of them ends unless it is refreshed, which may be with another key (epoch seconds). */
  readonly until: number;
}

/** How a session is looked for. */
export interface FindOptions {
  /** Ask the backend even if a cache has an answer. Default: false. */
  readonly fresh?: boolean | undefined;
}

/** Which part of all sessions to list. */
export interface ListAllOptions {
  /** Where the part before ended: its `next`. Default: from the beginning. */
  readonly cursor?: string | undefined;
  /** About how many sessions to list; a part may have fewer, or none, and others follow it all the same. */
  readonly limit: number;
}

/** A part of all sessions. */
export interface SessionPage {
  readonly sessions: readonly SessionRecord[];
  /** Where the next part begins; undefined: this was the last one. */
  readonly next: string | undefined;
}

/** When a session was used. */
export interface SessionUse {
  /** Epoch seconds. */
  readonly usedAt: number;
  /** Seconds that must have gone by since the use that is known, for this one to be written. */
  readonly period: number;
}

/** Which sessions of a client to revoke; without any field, all of them. */
export interface RevokeFilter {
  /** Leave this session alone. */
  readonly exceptFamilyId?: string | undefined;
  /** Only sessions created before this time (epoch seconds). */
  readonly issuedBefore?: number | undefined;
}

/**
 * Where sessions are kept. An abstract class, so that it is type and injection token at once:
 * extend it to bring your own store and pass it as `forRoot({ store })`.
 *
 * The rules every store holds (the contract suite in `nestjs-fastauth/store-contract` checks them):
 * - a promise resolves only after the write is durable as far as the store promises durability;
 * - each method is atomic: others see all of it or nothing;
 * - a fault of the backend rejects with `StoreUnavailableError`, never with "not found" and never silently;
 * - a write that has rejected takes no effect later: what waits in a backend that stalls carries a deadline by the
 *   backend's own clock, or is taken back; where neither can be exact, `rotatedAgo` counts from when it took effect;
 * - a session is live while it is not revoked, up to and including the second that `sessionExpiresAt` gives.
 */
export abstract class TokenStore {
  /**
   * Reads the session of this client and family. Another client's family is not found. Revoked sessions are found.
   * A store that keeps a cache may be behind other processes' writes, never behind its own, by a time that it
   * states; it is not when asked for a fresh answer, nor when it answers with a promise. A fresh answer says how long
   * ago the session was rotated (`rotatedAgo`), by a clock that all processes share, if the store has one.
   */
  abstract find(key: SessionKey, options?: FindOptions): MaybePromise<SessionRecord | undefined>;

  /**
   * Adds a session and removes the oldest sessions of the same client until at most `sessionsPerClient`
   * (`Infinity`: no limit) live ones remain, the new one among them. Sessions that are revoked or, at
   * `record.createdAt`, expired do not count as live. Sessions with a refresh token and those without are counted
   * apart, and neither makes room for the other.
   * @param tokens in plain text, for stores that share a database with the Python original; others ignore it
   * @returns the sessions that were removed to make room
   */
  abstract insert(
    record: SessionRecord,
    tokens: SessionTokens,
    sessionsPerClient: number,
  ): Promise<readonly SessionRecord[]>;

  /**
   * Compare-and-swap: puts `record` in place of the stored session if that has the generation before
   * (`record.generation - 1`), the refresh hash `record.previousRefreshHash`, and is not revoked.
   * The label stays the stored one: it may have been given since the session was read.
   * @returns whether it did; `false` leaves the store untouched
   */
  abstract rotate(record: RefreshableSession, pair: TokenPair): Promise<boolean>;

  /**
   * Gives a session another label, or none. Those who watch need not be told.
   * @returns whether there is such a session, and it is not revoked
   */
  abstract label(key: SessionKey, label: string | undefined): Promise<boolean>;

  /**
   * Marks one session as revoked; it stays as a tombstone until it would have expired.
   * @returns whether a live session was revoked by this call
   */
  abstract revoke(key: SessionKey, revokedAt: number): Promise<boolean>;

  /**
   * Marks the client's sessions as revoked.
   * @returns the families that this call revoked
   */
  abstract revokeClient(
    clientId: string,
    revokedAt: number,
    filter?: RevokeFilter,
  ): Promise<readonly string[]>;

  /** All sessions of a client that are stored, oldest first (by `createdAt`), tombstones included. */
  abstract list(clientId: string): Promise<readonly SessionRecord[]>;

  /**
   * Lists the sessions of all clients, tombstones included, in any order and part by part. What is stored from the first
   * part to the last is listed, perhaps twice; what comes or goes meanwhile may be. It may look at every session: for
   * administration, not for requests. Damaged sessions are left out.
   * @returns undefined if the backend cannot look through its sessions
   */
  abstract listAll(options: ListAllOptions): Promise<SessionPage | undefined>;

  /**
   * Remembers when a session was used, for `list` and `listAll`, where the backend can. It is no change of the session:
   * those who watch need not be told, and whether there is such a session need not be looked at.
   */
  abstract touch(key: SessionKey, use: SessionUse): Promise<void>;

  /**
   * Puts a session as it is, such as one that another store had: if it is not there, or is there in an earlier state.
   * A revoked session is later than one that is not, else the generation tells, and of two first pairs `createdAt`. No
   * other session has to leave.
   * @param now epoch seconds
   * @returns whether it was put
   * @throws TypeError a store that keeps plain tokens gets a session without them
   */
  abstract restore(record: SessionRecord, now: number): Promise<boolean>;

  /**
   * Drops sessions that ended before `now` (epoch seconds), at most `limit` of them.
   * @returns how many were dropped; fewer than `limit` means none are left
   */
  abstract sweep(now: number, limit: number): Promise<number>;

  /**
   * Counts the sessions that are live at `now` (epoch seconds) by the key that signed their current pair, in any order.
   * It may look at every session: for administration, not for requests.
   * @returns undefined if the backend cannot look through its sessions
   */
  abstract keyUse(now: number): Promise<readonly KeyUse[] | undefined>;

  /**
   * Tells of changes by any process that shares the data: by this process before the promise of the write resolves,
   * by others soon after (each store states how soon). Telling too much is allowed, silence about a change is not.
   * The watcher must be quick and must not throw. Watching may begin before `open`, and ends with `close`.
   * @returns a function that ends the watch
   */
  abstract watch(watcher: SessionWatcher): () => void;

  /** Asks the backend for a sign of life. @throws StoreUnavailableError */
  abstract ping(): Promise<void>;

  /** Connects or opens files; called once before the application listens. A store out of reach is no error here. */
  abstract open(): Promise<void>;

  /** Lets go of files, connections and timers after writes in flight are done. Called once at shutdown. */
  abstract close(): Promise<void>;
}

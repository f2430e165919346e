import { LRUCache } from 'lru-cache';
import { StoreUnavailableError } from '../../errors.js';
import {
  isSuccessor,
  isToRevoke,
  keyUseOf,
  oldestFirst,
  surplusSessions,
} from '../../sessions/live-sessions.js';
import {
  type SessionKey,
  type SessionRecord,
  type SessionTokens,
  type TokenPair,
} from '../../sessions/session-record.js';
import {
  type FindOptions,
  type KeyUse,
  TokenStore,
  type RevokeFilter,
  type SessionWatcher,
} from '../../sessions/token-store.js';
import { PolledWatchers } from '../polled-watchers.js';
import { decodeSessionRecord, encodeSessionRecord, trailerOf } from '../session-record.codec.js';
import { StoreFaultLog } from '../store-fault-log.js';
import { openLmdbFiles, type LmdbFiles } from './files.js';
import type { JournalNews } from './journal.js';
import { expiryPrefix, parseSessionKey, sessionKeyBytes, sessionKeyOfExpiry } from './keys.js';
import { MOMENT_BYTES, momentNow, secondsSince } from './moment.js';
import {
  hasEnded,
  putSession,
  readBytes,
  readClient,
  readSession,
  readableSessions,
  removeSession,
  moveRevoked,
  storableKey,
} from './records.js';
import { hasRoom } from './room.js';
import { LmdbWrites, unavailable } from './writes.js';

/** Options of {@link LmdbTokenStore}. */
export interface LmdbTokenStoreOptions {
  /** Folder of the database; made when missing. Several processes of one machine may share it. */
  readonly folder: string;
  /** How many sessions are kept in memory for as long as nothing is written; 0: none. Default: 10 000. */
  readonly trackedCacheSize?: number | undefined;
  /** Time limit of one write in seconds, such as when another process holds the lock. Default: 1. */
  readonly timeout?: number | undefined;
}

/** A folder in use. */
interface OpenLmdb {
  readonly files: LmdbFiles;
  readonly writes: LmdbWrites;
}

/** A session as it was at a commit. */
interface KeptSession {
  readonly record: SessionRecord;
  readonly commit: number;
}

/** How soon changes by other processes are told to those who watch, in milliseconds. A look costs microseconds. */
const LOOK_EVERY_MS = 200;

/**
 * The embedded store: sessions in LMDB, in a folder of this machine. Reading is synchronous (microseconds, from
 * mapped memory) and sees every write that any process was acknowledged; a write is one transaction across all
 * processes that share the folder, and is on disk when its promise resolves. What was read is used again until the
 * number of the latest commit, which is looked at on every read, says that some process has written.
 */
export class LmdbTokenStore extends TokenStore {
  readonly #folder: string;
  readonly #watchers = new PolledWatchers(LOOK_EVERY_MS, () => this.#tellNews());
  readonly #log = new StoreFaultLog();
  readonly #kept: LRUCache<string, KeptSession> | undefined;
  readonly #timeout: number;
  #opened: OpenLmdb | undefined;

  constructor(options: LmdbTokenStoreOptions) {
    super();
    this.#folder = options.folder;
    this.#timeout = options.timeout ?? 1;
    const max = options.trackedCacheSize ?? 10_000;
    this.#kept = max > 0 ? new LRUCache({ max }) : undefined;
  }

  /** @throws StoreUnavailableError when the folder cannot be used, or holds something else or something damaged */
  async open(): Promise<void> {
    if (this.#opened) return;
    const files = await openLmdbFiles(this.#folder, this.#timeout);
    files.journal.startHere();
    this.#opened = { files, writes: new LmdbWrites(files, this.#timeout) };
    this.#watchers.mayLook(true);
  }

  async close(): Promise<void> {
    const opened = this.#opened;
    this.#opened = undefined;
    this.#watchers.mayLook(false);
    this.#kept?.clear();
    try {
      await opened?.writes.close();
    } catch (error) {
      // Whoever shuts down is not to wait for a process that may never go on.
      this.#unavailable(error);
    }
  }

  find(key: SessionKey, options?: FindOptions): SessionRecord | undefined {
    const files = this.#open();
    const { familyId } = key;
    if (familyId === undefined) return undefined;
    try {
      if (options?.fresh === true) return this.#readFresh(files, key, familyId);
      // Looked at before the session is read: what is read is then at least as new as this says.
      const commit = files.commits?.latest();
      const kept = this.#kept?.get(familyId);
      if (kept !== undefined && kept.commit === commit && kept.record.clientId === key.clientId) {
        return kept.record;
      }
      const record = this.#read(files, key, familyId);
      if (commit !== undefined && record !== undefined) this.#kept?.set(familyId, { record, commit });
      return record;
    } catch (error) {
      throw this.#unavailable(error);
    }
  }

  #read(files: LmdbFiles, key: SessionKey, familyId: string): SessionRecord | undefined {
    const bytes = this.#readBytes(files, key);
    return bytes && decodeSessionRecord(bytes, key.clientId, familyId);
  }

  /** Also tells how long ago the session was rotated. */
  #readFresh(files: LmdbFiles, key: SessionKey, familyId: string): SessionRecord | undefined {
    const bytes = this.#readBytes(files, key);
    if (bytes === undefined) return undefined;
    const record = decodeSessionRecord(bytes, key.clientId, familyId);
    const moment = trailerOf(bytes, MOMENT_BYTES);
    return moment === undefined ? record : { ...record, rotatedAgo: secondsSince(moment) };
  }

  #readBytes(files: LmdbFiles, key: SessionKey): Buffer | undefined {
    const sessionKey = sessionKeyBytes(key);
    if (sessionKey === undefined) return undefined;
    // lmdb keeps a snapshot until the timers run: without this, up to a millisecond of other processes' writes
    // would be missed. It costs 0.3 µs.
    files.sessions.resetReadTxn();
    return readBytes(files, sessionKey);
  }

  async insert(
    record: SessionRecord,
    _tokens: SessionTokens,
    sessionsPerClient: number,
  ): Promise<readonly SessionRecord[]> {
    const key = storableKey(record);
    const bytes = encodeSessionRecord(record);
    this.#needRoom();
    const removed = await this.#write((files) => {
      const stored = readSession(files, key);
      const others = sessionsPerClient === Infinity ? [] : readClient(files.sessions, record.clientId);
      const surplus = surplusSessions(others, record, sessionsPerClient);
      for (const other of others) if (other.revokedAt !== undefined) moveRevoked(files, other);
      for (const session of surplus) removeSession(files, session);
      files.journal.add(surplus);
      putSession(files, key, record, bytes, stored);
      return surplus;
    });
    for (const session of removed) this.#watchers.notify(session);
    return removed;
  }

  async rotate(record: SessionRecord, _pair: TokenPair): Promise<boolean> {
    const key = storableKey(record);
    // What cannot be stored is refused before the transaction.
    encodeSessionRecord(record);
    this.#needRoom();
    const rotated = await this.#write((files) => {
      const stored = readSession(files, key);
      if (!isSuccessor(record, stored)) return false;
      const { label } = stored;
      putSession(files, key, record, encodeSessionRecord({ ...record, label }, momentNow()), stored);
      files.journal.add([record]);
      return true;
    });
    if (rotated) this.#watchers.notify(record);
    return rotated;
  }

  async label(key: SessionKey, label: string | undefined): Promise<boolean> {
    return this.#change(key, ({ sessions }, sessionKey, stored) => {
      const bytes = sessions.getBinaryFast(sessionKey);
      const moment = bytes && trailerOf(bytes, MOMENT_BYTES);
      sessions.putSync(sessionKey, encodeSessionRecord({ ...stored, label }, moment));
    });
  }

  async revoke(key: SessionKey, revokedAt: number): Promise<boolean> {
    const revoked = await this.#change(key, (files, sessionKey, stored) => {
      files.sessions.putSync(sessionKey, encodeSessionRecord({ ...stored, revokedAt }));
      files.journal.add([stored]);
    });
    if (revoked) this.#watchers.notify(key);
    return revoked;
  }

  async revokeClient(
    clientId: string,
    revokedAt: number,
    filter: RevokeFilter = {},
  ): Promise<readonly string[]> {
    const families = await this.#write((files) => {
      const revoked = readClient(files.sessions, clientId).filter((record) => isToRevoke(record, filter));
      for (const record of revoked)
        files.sessions.putSync(storableKey(record), encodeSessionRecord({ ...record, revokedAt }));
      files.journal.add(revoked);
      return revoked.map((record) => record.familyId);
    });
    for (const familyId of families) this.#watchers.notify({ clientId, familyId });
    return families;
  }

  async list(clientId: string): Promise<readonly SessionRecord[]> {
    const files = this.#open();
    try {
      files.sessions.resetReadTxn();
      return [files.sessions, files.revoked]
        .flatMap((database) => readClient(database, clientId))
        .sort(oldestFirst);
    } catch (error) {
      throw this.#unavailable(error);
    }
  }

  async sweep(now: number, limit: number): Promise<number> {
    const swept = await this.#write(({ sessions, revoked, expiries }) => {
      const expired = [...expiries.getKeys({ end: expiryPrefix(now), limit })];
      for (const expiry of expired) {
        const key = sessionKeyOfExpiry(expiry);
        for (const database of [sessions, revoked])
          if (hasEnded(database.getBinaryFast(key), now)) database.removeSync(key);
        expiries.removeSync(expiry);
      }
      return expired.map(sessionKeyOfExpiry);
    });
    for (const key of swept) this.#watchers.notify(parseSessionKey(key));
    return swept.length;
  }

  async keyUse(now: number): Promise<readonly KeyUse[]> {
    const files = this.#open();
    try {
      files.sessions.resetReadTxn();
      return keyUseOf(readableSessions(files), now);
    } catch (error) {
      throw this.#unavailable(error);
    }
  }

  watch(watcher: SessionWatcher): () => void {
    return this.#watchers.add(watcher);
  }

  async ping(): Promise<void> {
    this.find({ clientId: 'fastauth', familyId: 'ping' });
  }

  #tellNews(): void {
    for (const changed of this.#news()) this.#watchers.notify(changed);
  }

  #news(): JournalNews {
    try {
      return this.#open().journal.news();
    } catch {
      return [undefined];
    }
  }

  #open(): LmdbFiles {
    if (this.#opened === undefined) throw new StoreUnavailableError('The embedded token store is not open.');
    return this.#opened.files;
  }

  /** @throws StoreUnavailableError when the disk is almost full */
  #needRoom(): void {
    if (!hasRoom(this.#folder)) throw this.#unavailable(unavailable('the disk is almost full'));
  }

  /** @returns whether there was such a session, not revoked, to change */
  async #change(
    key: SessionKey,
    change: (files: LmdbFiles, sessionKey: Buffer, stored: SessionRecord) => void,
  ): Promise<boolean> {
    const sessionKey = sessionKeyBytes(key);
    if (sessionKey === undefined) return false;
    return this.#write((files) => {
      const stored = readSession(files, sessionKey);
      if (stored === undefined || stored.revokedAt !== undefined) return false;
      change(files, sessionKey, stored);
      return true;
    });
  }

  /**
   * One transaction. `action` runs while no other process can write, and must read all it needs before its first
   * write: what it wrote stays when it throws.
   */
  async #write<T>(action: (files: LmdbFiles) => T): Promise<T> {
    const files = this.#open();
    const writes = this.#opened?.writes;
    try {
      return await (writes as LmdbWrites).run(() => action(files));
    } catch (error) {
      throw this.#unavailable(error);
    }
  }

  /** The backend's fault as ours. lmdb's own text may name the file and a position in it, never what it holds. */
  #unavailable(error: unknown): unknown {
    if (error instanceof StoreUnavailableError) {
      this.#log.tell(
        error.message.replace(/^The embedded token store is not available: |\.(?: Try again later\.)?$/g, ''),
      );
      return error;
    }
    // A second promise rejects with the reason; unhandled it would end the process.
    Promise.resolve((error as { commitError?: unknown }).commitError).catch(() => undefined);
    this.#log.tell(error instanceof Error ? error.message : 'it failed');
    return new StoreUnavailableError('The embedded token store failed to read or write.', undefined, {
      cause: error,
    });
  }
}

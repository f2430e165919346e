import {
  isLaterState,
  isSuccessor,
  isToRevoke,
  keyUseOf,
  oldestFirst,
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
  type ListAllOptions,
  type SessionPage,
  type SessionUse,
  TokenStore,
  type RevokeFilter,
  type SessionWatcher,
} from '../../sessions/token-store.js';
import type { ClientKeepingStore, ClientStore } from '../../sessions/client-store.js';
import { PolledWatchers } from '../polled-watchers.js';
import { encodeSessionRecord, trailerOf } from '../session-record.codec.js';
import { LmdbAccess } from './access.js';
import { bytesAt } from './bytes.js';
import { LmdbClientStore } from './clients.js';
import type { LmdbFiles } from './files.js';
import { LmdbSessionFinder } from './finding.js';
import type { JournalNews } from './journal.js';
import { parseSessionKey, sessionKeyBytes } from './keys.js';
import { isDue, listPart, timeBytes, withUse } from './listing.js';
import { MOMENT_BYTES, momentNow } from './moment.js';
import {
  putRevoked,
  putSession,
  readBytes,
  readClient,
  readSession,
  readableSessions,
  removeSession,
  storableKey,
} from './records.js';
import { makeRoom } from './make-room.js';
import { sweepEnded } from './sweeping.js';

/** Options of {@link LmdbTokenStore}. */
export interface LmdbTokenStoreOptions {
  /** Folder of the database; made when missing. Several processes of one machine may share it. */
  readonly folder: string;
  /** How many sessions are kept in memory for as long as nothing is written; 0: none. Default: 10 000. */
  readonly trackedCacheSize?: number | undefined;
  /** Time limit of one write in seconds, such as when another process holds the lock. Default: 1. */
  readonly timeout?: number | undefined;
}

/** How soon changes by other processes are told to those who watch, in milliseconds. A look costs microseconds. */
const LOOK_EVERY_MS = 200;

/**
 * The embedded store: sessions in LMDB, in a folder of this machine. Reading is synchronous (microseconds, from
 * mapped memory) and sees every write that any process was acknowledged; a write is one transaction across all
 * processes that share the folder, and is on disk when its promise resolves.
 */
export class LmdbTokenStore extends TokenStore implements ClientKeepingStore {
  readonly clients: ClientStore;
  readonly #access: LmdbAccess;
  readonly #finder: LmdbSessionFinder;
  readonly #watchers = new PolledWatchers(LOOK_EVERY_MS, () => this.#tellNews());

  constructor({ folder, timeout = 1, trackedCacheSize = 10_000 }: LmdbTokenStoreOptions) {
    super();
    const access = new LmdbAccess(folder, timeout);
    this.#access = access;
    this.#finder = new LmdbSessionFinder(trackedCacheSize);
    this.clients = new LmdbClientStore({
      read: (action) => access.read(action),
      write: (action, needsRoom = false) => {
        if (needsRoom) access.needRoom();
        return access.write(action);
      },
    });
  }

  /** @throws StoreUnavailableError when the folder cannot be used, or holds something else or something damaged */
  async open(): Promise<void> {
    if (this.#access.isOpen) return;
    await this.#access.open();
    this.#watchers.mayLook(true);
  }

  async close(): Promise<void> {
    this.#watchers.mayLook(false);
    this.#finder.clear();
    await this.#access.close();
  }

  find(key: SessionKey, options?: FindOptions): SessionRecord | undefined {
    const { files } = this.#access;
    const { familyId } = key;
    if (familyId === undefined) return undefined;
    try {
      return options?.fresh === true
        ? this.#finder.findFresh(files, key, familyId)
        : this.#finder.find(files, key, familyId);
    } catch (error) {
      throw this.#access.unavailable(error);
    }
  }

  async insert(
    record: SessionRecord,
    _tokens: SessionTokens,
    sessionsPerClient: number,
  ): Promise<readonly SessionRecord[]> {
    const key = storableKey(record);
    const bytes = encodeSessionRecord(record);
    this.#access.needRoom();
    const removed = await this.#access.write((files) => {
      const stored = readSession(files, key);
      const surplus =
        sessionsPerClient === Infinity ? [] : makeRoom(files, record, stored, sessionsPerClient);
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
    this.#access.needRoom();
    const rotated = await this.#access.write((files) => {
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
      const bytes = bytesAt(sessions, sessionKey);
      const moment = bytes && trailerOf(bytes, MOMENT_BYTES);
      sessions.putSync(sessionKey, encodeSessionRecord({ ...stored, label }, moment));
    });
  }

  async revoke(key: SessionKey, revokedAt: number): Promise<boolean> {
    const revoked = await this.#change(key, (files, _sessionKey, stored) => {
      putRevoked(files, stored, revokedAt);
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
    const families = await this.#access.write((files) => {
      const revoked = readClient(files.sessions, clientId).filter((record) => isToRevoke(record, filter));
      for (const record of revoked) putRevoked(files, record, revokedAt);
      files.journal.add(revoked);
      return revoked.map((record) => record.familyId);
    });
    for (const familyId of families) this.#watchers.notify({ clientId, familyId });
    return families;
  }

  async list(clientId: string): Promise<readonly SessionRecord[]> {
    return this.#access.read((files) =>
      [files.sessions, files.revoked]
        .flatMap((database) => readClient(database, clientId))
        .map((record) => withUse(files, record))
        .sort(oldestFirst),
    );
  }

  async listAll(options: ListAllOptions): Promise<SessionPage> {
    return this.#access.read((files) => listPart(files, options));
  }

  /** Nothing is written on a disk that is almost full. */
  async touch(key: SessionKey, use: SessionUse): Promise<void> {
    const sessionKey = sessionKeyBytes(key);
    if (sessionKey === undefined || !isDue(this.#access.files, sessionKey, use) || !this.#access.hasRoom)
      return;
    await this.#access.write((files) => {
      const isThere = readBytes(files, sessionKey) !== undefined;
      if (isThere && isDue(files, sessionKey, use)) files.uses.putSync(sessionKey, timeBytes(use.usedAt));
    });
  }

  async restore(record: SessionRecord, _now: number): Promise<boolean> {
    const key = storableKey(record);
    const bytes = encodeSessionRecord(record);
    this.#access.needRoom();
    const restored = await this.#access.write((files) => {
      const stored = readSession(files, key);
      if (!isLaterState(record, stored)) return false;
      if (stored !== undefined) files.sessions.removeSync(key);
      putSession(files, key, record, bytes, stored);
      files.journal.add([record]);
      return true;
    });
    if (restored) this.#watchers.notify(record);
    return restored;
  }

  async sweep(now: number, limit: number): Promise<number> {
    const swept = await this.#access.write((files) => sweepEnded(files, now, limit));
    for (const key of swept) this.#watchers.notify(parseSessionKey(key));
    return swept.length;
  }

  async keyUse(now: number): Promise<readonly KeyUse[]> {
    return this.#access.read((files) => keyUseOf(readableSessions(files), now));
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
      return this.#access.files.journal.news();
    } catch {
      return [undefined];
    }
  }

  /** @returns whether there was such a session, not revoked, to change */
  async #change(
    key: SessionKey,
    change: (files: LmdbFiles, sessionKey: Buffer, stored: SessionRecord) => void,
  ): Promise<boolean> {
    const sessionKey = sessionKeyBytes(key);
    if (sessionKey === undefined) return false;
    return this.#access.write((files) => {
      const stored = readSession(files, sessionKey);
      if (stored === undefined || stored.revokedAt !== undefined) return false;
      change(files, sessionKey, stored);
      return true;
    });
  }
}

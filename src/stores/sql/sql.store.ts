import { Logger } from '@nestjs/common';
import type { SessionKey, SessionRecord, SessionTokens, TokenPair } from '../../sessions/session-record.js';
import type { ClientKeepingStore, ClientStore } from '../../sessions/client-store.js';
import {
  TokenStore,
  type FindOptions,
  type KeyUse,
  type ListAllOptions,
  type SessionPage,
  type SessionUse,
  type MaybePromise,
  type RevokeFilter,
  type SessionWatcher,
} from '../../sessions/token-store.js';
import type { MigratingStore } from '../migrating-store.js';
import { TrackedSessions } from '../tracked-sessions.js';
import { SqlAccess } from './access.js';
import { labelSession, revokeSession, rotateSession } from './changing.js';
import { SqlClientStore } from './clients.js';
import { readClock } from './clock.js';
import type { SqlDatabase } from './connection.js';
import { SqlFeed } from './feed.js';
import { SqlSessionFinder } from './finding.js';
import { insertSession, restoreSession } from './inserting.js';
import { sqlKeyUse } from './key-use.js';
import { listPart, listSessions } from './listing.js';
import { migrateDatabase } from './migrating.js';
import { pendingMigrations } from './migrations.js';
import { revokeSessions } from './revoking.js';
import { createScope } from './scope.js';
import { sweepEnded } from './sweeping.js';
import { rowKeysOf, rowOf } from './tables.js';
import { SqlUses } from './uses.js';

export type { MigratingStore, SqlDatabase };

/** Options of {@link SqlTokenStore}: which database (one of `url`, `dialect` and `db`), and these. */
export type SqlTokenStoreOptions = SqlDatabase & {
  /** Whose sessions: several applications may share the tables. Default: `fastauth`, as `app-name`. */
  readonly appName?: string | undefined;
  /** Time limit of one operation in seconds. Default: 1. */
  readonly timeout?: number | undefined;
  /** How many sessions are kept in memory, with `postgres://` alone. Default: 10 000; 0: none. */
  readonly trackedCacheSize?: number | undefined;
};

/**
 * Keeps sessions in a SQL database: one row a session, in tables that {@link SqlTokenStore.migrate} or
 * `fastauth store migrate` makes. Refreshing and revoking are one statement each; issuing is one transaction.
 *
 * With `postgres://`, sessions are also kept in memory while LISTEN/NOTIFY tells of every change; all other databases
 * are asked each time, and looked through for changes only while somebody watches.
 *
 * @example
 * const store = new SqlTokenStore({ dialect: new SqliteDialect({ database: new Database('app.db') }) });
 * await store.migrate();
 * FastauthModule.forRoot({ store });
 */
export class SqlTokenStore extends TokenStore implements MigratingStore, ClientKeepingStore {
  readonly clients: ClientStore;
  readonly #database: SqlDatabase;
  readonly #access: SqlAccess;
  readonly #finder = new SqlSessionFinder();
  readonly #tracked: TrackedSessions;
  readonly #feed: SqlFeed;
  #hasWarnedOfUses = false;

  constructor(options: SqlTokenStoreOptions) {
    super();
    const { appName = 'fastauth', timeout = 1, trackedCacheSize = 10_000, ...database } = options;
    this.#database = database;
    const access = new SqlAccess(database, timeout, createScope(appName));
    this.#access = access;
    this.clients = new SqlClientStore(access);
    this.#tracked = new TrackedSessions({
      size: trackedCacheSize,
      load: (key, fresh) => access.read((connection) => this.#finder.find(connection, key, fresh)),
    });
    this.#feed = new SqlFeed(access, this.#tracked);
  }

  /**
   * Makes the tables, or brings them up to date. Safe to call again, and from several processes at once.
   * @returns the names of the steps taken; empty when there was nothing to do
   * @throws StoreUnavailableError
   */
  migrate(): Promise<readonly string[]> {
    return migrateDatabase(this.#database);
  }

  /** The names of the steps that {@link migrate} would take. The store must be open. @throws StoreUnavailableError */
  async pendingMigrations(): Promise<readonly string[]> {
    return this.#access.read(({ db, dialect }) => pendingMigrations(db, dialect));
  }

  /** What the database's clock shows, in epoch seconds. @throws StoreUnavailableError */
  async time(): Promise<number> {
    return this.#access.read(readClock);
  }

  /**
   * A database out of reach is no error: it may come later.
   * @throws ConfigError its tables are missing or old, a driver is not installed, or the server refuses the login or
   * the database
   */
  async open(): Promise<void> {
    const connection = await this.#access.open();
    if (connection) this.#feed.start(connection);
  }

  async close(): Promise<void> {
    await this.#feed.stop();
    await this.#access.close();
  }

  find(key: SessionKey, options?: FindOptions): MaybePromise<SessionRecord | undefined> {
    return this.#tracked.find(key, options);
  }

  async insert(
    record: SessionRecord,
    _tokens: SessionTokens,
    sessionsPerClient: number,
  ): Promise<readonly SessionRecord[]> {
    const row = rowOf(record);
    const removed = await this.#access.transaction((database) =>
      insertSession(database, record, row, sessionsPerClient),
    );
    for (const session of removed) this.#tracked.changed(session);
    return removed;
  }

  async rotate(record: SessionRecord, _pair: TokenPair): Promise<boolean> {
    const row = rowOf(record);
    const rotated = await this.#access.statement((database, deadline) =>
      rotateSession(database, deadline, row),
    );
    if (rotated) this.#tracked.changed(record);
    return rotated;
  }

  async label(key: SessionKey, label: string | undefined): Promise<boolean> {
    const labelled = await this.#access.statement((database, deadline) =>
      labelSession(database, deadline, key, label),
    );
    this.#tracked.forget(key);
    return labelled;
  }

  async revoke(key: SessionKey, revokedAt: number): Promise<boolean> {
    const revoked = await this.#access.statement((database, deadline) =>
      revokeSession(database, deadline, key, revokedAt),
    );
    if (revoked) this.#tracked.changed(key);
    return revoked;
  }

  async revokeClient(
    clientId: string,
    revokedAt: number,
    filter: RevokeFilter = {},
  ): Promise<readonly string[]> {
    const families = await this.#access.transaction((database) =>
      revokeSessions(database, clientId, revokedAt, filter),
    );
    for (const familyId of families) this.#tracked.changed({ clientId, familyId });
    return families;
  }

  list(clientId: string): Promise<readonly SessionRecord[]> {
    return this.#access.read(async (database) =>
      new SqlUses(database).addTo(await listSessions(database, clientId)),
    );
  }

  listAll(options: ListAllOptions): Promise<SessionPage> {
    return this.#access.read(async (database) => {
      const page = await listPart(database, options);
      return { ...page, sessions: await new SqlUses(database).addTo(page.sessions) };
    });
  }

  async touch(key: SessionKey, use: SessionUse): Promise<void> {
    const hasPlace = await this.#access.read((database) => new SqlUses(database).touch(key, use));
    if (hasPlace || this.#hasWarnedOfUses) return;
    this.#hasWarnedOfUses = true;
    new Logger('Fastauth').warn(
      'The tables have no place for when sessions were last used; "fastauth store migrate" makes it.',
    );
  }

  async restore(record: SessionRecord, _now: number): Promise<boolean> {
    const row = rowOf(record);
    const restored = await this.#access.transaction((database) =>
      restoreSession(database, this.#finder, record, row),
    );
    if (restored) this.#tracked.changed(record);
    return restored;
  }

  async sweep(now: number, limit: number): Promise<number> {
    const swept = await this.#access.transaction((database) => sweepEnded(database, now, limit));
    for (const key of swept) this.#tracked.changed(key);
    // What is left behind when it fails does no harm.
    await this.#access
      .read((database) => new SqlUses(database).forget(rowKeysOf(swept)))
      .catch(() => undefined);
    return swept.length;
  }

  keyUse(now: number): Promise<readonly KeyUse[]> {
    return this.#access.read((database) => sqlKeyUse(database, now));
  }

  /** Changes by other processes are told as PostgreSQL notifies them, by other databases within half a second. */
  watch(watcher: SessionWatcher): () => void {
    return this.#feed.watch(watcher);
  }

  async ping(): Promise<void> {
    await this.#access.read(readClock);
  }
}

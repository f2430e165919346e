import { createHash, randomBytes } from 'node:crypto';
import { Logger } from '@nestjs/common';
import type { Kysely } from 'kysely';
import { ConfigError, StoreUnavailableError } from '../../errors.js';
import { isLaterState, surplusSessions } from '../../sessions/live-sessions.js';
import {
  isRefreshable,
  type SessionKey,
  type SessionRecord,
  type SessionTokens,
  type TokenPair,
} from '../../sessions/session-record.js';
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
import { BackendClock } from '../backend-clock.js';
import { BackendPolicy } from '../backend-policy.js';
import type { MigratingStore } from '../migrating-store.js';
import { StoreRefusal } from '../store-refusal.js';
import { TrackedSessions } from '../tracked-sessions.js';
import { ChangePoll } from './change-poll.js';
import { SqlClientStore } from './clients.js';
import { connectSql, type SqlConnection, type SqlDatabase } from './connection.js';
import type { SqlDialect } from './dialect.js';
import {
  explained,
  isMissingTable,
  MISSING_TABLES,
  refusalOf,
  retryingConflicts,
  TooLateError,
} from './faults.js';
import { migrateTables, pendingMigrations, NEEDED_VERSION, readVersion } from './migrations.js';
import type { FeedListener, PostgresFeed } from './postgres-feed.js';
import { notifiedChange, SqlSessions, type SqlScope } from './sessions.js';
import { rowKeysOf, rowOf, type SqlTables } from './tables.js';
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

/** A database in use, and how its changes are heard of. */
interface OpenStore {
  readonly connection: SqlConnection;
  readonly sessions: SqlSessions;
  readonly feed: PostgresFeed | undefined;
}

/**
 * After how long a session in memory is read again: where nobody tells of changes by SQL, and where triggers do, which
 * restoring a database may pass over.
 */
const REREAD_UNTOLD_MS = 5000;
const REREAD_ANYWAY_MS = 60_000;
/** Seconds that one statement of a migration may take. */
const MIGRATION_TIMEOUT = 600;

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
  readonly #timeout: number;
  readonly #scope: SqlScope;
  readonly #policy: BackendPolicy;
  readonly #tracked: TrackedSessions;
  readonly #poll: ChangePoll;
  readonly #clock = new BackendClock(async () => (await this.#opened().sessions.now()) * 1000);
  readonly #writes = new Set<Promise<unknown>>();
  #open: OpenStore | undefined;
  #watchers = 0;
  #isFed = false;
  #hasWarned = false;
  #hasWarnedOfUses = false;
  /** Until when a write of ours whose outcome is unknown may still come through (of `performance.now()`). */
  #unsureUntil = -Infinity;

  constructor(options: SqlTokenStoreOptions) {
    super();
    const { appName = 'fastauth', timeout = 1, trackedCacheSize = 10_000, ...database } = options;
    this.#database = database;
    this.#timeout = timeout;
    this.#policy = new BackendPolicy({ timeout });
    this.#scope = {
      app: Buffer.from(appName),
      writer: randomBytes(8),
      channel: `fastauth_${createHash('sha256').update(appName).digest('hex').slice(0, 32)}`,
    };
    this.clients = new SqlClientStore({
      app: this.#scope.app,
      read: (action) => this.#readWith(({ db }) => action(db)),
      write: (action) => this.#transactionWith(action),
    });
    this.#tracked = new TrackedSessions({
      size: trackedCacheSize,
      load: (key, fresh) => this.#read((sessions) => sessions.find(key, fresh)),
    });
    this.#tracked.keepFor(REREAD_UNTOLD_MS);
    this.#poll = new ChangePoll(
      {
        now: () => this.#read((sessions) => sessions.now()),
        changesSince: (time) =>
          this.#read((sessions) =>
            sessions.changesSince(time, this.#isUnsure() ? Buffer.alloc(0) : this.#scope.writer),
          ),
      },
      this.#longestWrite(),
      (changed) => this.#tracked.changed(changed),
    );
  }

  /**
   * Makes the tables, or brings them up to date. Safe to call again, and from several processes at once.
   * @returns the names of the steps taken; empty when there was nothing to do
   * @throws StoreUnavailableError
   */
  async migrate(): Promise<readonly string[]> {
    // A connection of its own, since building an index may take longer than a request may wait.
    const connection = await connectSql(this.#database, MIGRATION_TIMEOUT);
    try {
      return await new BackendPolicy({ timeout: MIGRATION_TIMEOUT }).write(() =>
        migrateTables(connection.db, connection.dialect).catch(rethrower(connection)),
      );
    } finally {
      if ('url' in this.#database) await connection.close();
    }
  }

  /** The names of the steps that {@link migrate} would take. The store must be open. @throws StoreUnavailableError */
  async pendingMigrations(): Promise<readonly string[]> {
    return this.#readWith(({ db, dialect }) => pendingMigrations(db, dialect));
  }

  /** What the database's clock shows, in epoch seconds. @throws StoreUnavailableError */
  async time(): Promise<number> {
    return this.#read((sessions) => sessions.now());
  }

  /**
   * A database out of reach is no error: it may come later.
   * @throws ConfigError its tables are missing or old, a driver is not installed, or the server refuses the login or
   * the database
   */
  async open(): Promise<void> {
    if (this.#open) return;
    const connection = await connectSql(this.#database, this.#timeout);
    const fault = await this.#faultOf(connection);
    if (fault !== undefined) {
      await connection.close();
      throw fault;
    }
    const feed = connection.feed?.(this.#scope.channel, this.#feedListener());
    const sessions = new SqlSessions(connection.db, connection.dialect, this.#scope);
    this.#open = { connection, sessions, feed };
    feed?.start();
    this.#pollIfNeeded();
  }

  async close(): Promise<void> {
    const open = this.#open;
    this.#watchers = 0;
    this.#pollIfNeeded();
    await Promise.allSettled(this.#writes);
    this.#open = undefined;
    await open?.feed?.stop();
    await open?.connection.close();
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
    const removed = await this.#transaction(async (sessions) => {
      if (sessionsPerClient === Infinity) {
        await sessions.insert(row);
        return [];
      }
      await sessions.hold(record.clientId);
      const surplus = isRefreshable(record)
        ? surplusSessions(await sessions.live(record.clientId, record.createdAt), record, sessionsPerClient)
        : await sessions.surplusGrants(record, sessionsPerClient);
      await sessions.remove(surplus);
      await sessions.insert(row);
      return surplus;
    });
    for (const session of removed) this.#tracked.changed(session);
    return removed;
  }

  async rotate(record: SessionRecord, _pair: TokenPair): Promise<boolean> {
    const row = rowOf(record);
    const rotated = await this.#statement((sessions) => sessions.rotate(row));
    if (rotated) this.#tracked.changed(record);
    return rotated;
  }

  async label(key: SessionKey, label: string | undefined): Promise<boolean> {
    const labelled = await this.#statement((sessions) => sessions.label(key, label));
    this.#tracked.forget(key);
    return labelled;
  }

  async revoke(key: SessionKey, revokedAt: number): Promise<boolean> {
    const revoked = await this.#statement((sessions) => sessions.revoke(key, revokedAt));
    if (revoked) this.#tracked.changed(key);
    return revoked;
  }

  async revokeClient(
    clientId: string,
    revokedAt: number,
    filter: RevokeFilter = {},
  ): Promise<readonly string[]> {
    const families = await this.#transaction(async (sessions) => {
      await sessions.hold(clientId);
      return sessions.revokeClient(clientId, revokedAt, filter);
    });
    for (const familyId of families) this.#tracked.changed({ clientId, familyId });
    return families;
  }

  list(clientId: string): Promise<readonly SessionRecord[]> {
    return this.#read(async (sessions) => this.#uses().addTo(await sessions.list(clientId)));
  }

  listAll(options: ListAllOptions): Promise<SessionPage> {
    return this.#read(async (sessions) => {
      const page = await sessions.listPart(options);
      return { ...page, sessions: await this.#uses().addTo(page.sessions) };
    });
  }

  async touch(key: SessionKey, use: SessionUse): Promise<void> {
    const hasPlace = await this.#read(() => this.#uses().touch(key, use));
    if (hasPlace || this.#hasWarnedOfUses) return;
    this.#hasWarnedOfUses = true;
    new Logger('Fastauth').warn(
      'The tables have no place for when sessions were last used; "fastauth store migrate" makes it.',
    );
  }

  async restore(record: SessionRecord, _now: number): Promise<boolean> {
    const row = rowOf(record);
    const restored = await this.#transaction(async (sessions) => {
      await sessions.hold(record.clientId);
      const stored = await sessions.find(record, false);
      if (!isLaterState(record, stored)) return false;
      await sessions.replace(row, stored);
      return true;
    });
    if (restored) this.#tracked.changed(record);
    return restored;
  }

  async sweep(now: number, limit: number): Promise<number> {
    const swept = await this.#transaction((sessions) => sessions.sweep(now, limit));
    for (const key of swept) this.#tracked.changed(key);
    // What is left behind when it fails does no harm.
    await this.#read(() => this.#uses().forget(rowKeysOf(swept))).catch(() => undefined);
    return swept.length;
  }

  keyUse(now: number): Promise<readonly KeyUse[]> {
    return this.#read((sessions) => sessions.keyUse(now));
  }

  /** Changes by other processes are told as PostgreSQL notifies them, by other databases within half a second. */
  watch(watcher: SessionWatcher): () => void {
    const end = this.#tracked.watch(watcher);
    this.#watchers++;
    this.#pollIfNeeded();
    let ended = false;
    return () => {
      if (ended) return;
      ended = true;
      end();
      this.#watchers--;
      this.#pollIfNeeded();
    };
  }

  async ping(): Promise<void> {
    await this.#read((sessions) => sessions.now());
  }

  /** Why the database cannot be used as it is; undefined where it can, or may only be out of reach. */
  async #faultOf({ db, dialect, address }: SqlConnection): Promise<ConfigError | undefined> {
    try {
      return await this.#policy.read(async () => {
        try {
          if ((await readVersion(db, dialect)) >= NEEDED_VERSION) return undefined;
        } catch (error) {
          const refusal = refusalOf(error, address);
          if (refusal !== undefined) return new StoreRefusal([`database-url: ${refusal}`]);
          if (!isMissingTable(error)) throw explained(error, address);
        }
        return new ConfigError([`database-url: ${MISSING_TABLES}`]);
      });
    } catch {
      return undefined;
    }
  }

  #uses(): SqlUses {
    const { db, dialect } = this.#opened().connection;
    return new SqlUses(db, dialect, this.#scope.app);
  }

  #feedListener(): FeedListener {
    const own = this.#scope.writer.toString('base64url');
    return {
      connected: (at) => {
        this.#isFed = true;
        this.#pollIfNeeded();
        this.#tracked.connected(at);
        void this.#lookForTriggers();
      },
      alive: (at) => this.#tracked.alive(at),
      lost: () => {
        this.#isFed = false;
        this.#pollIfNeeded();
        this.#tracked.lost();
      },
      notified: (payload) => {
        const change = notifiedChange(payload);
        // What this object wrote was told when the write was done, unless nobody knows whether it was.
        if (change?.writer === own && !this.#isUnsure()) this.#tracked.forget(change.key);
        else this.#tracked.changed(change?.key);
      },
    };
  }

  /** Changes by SQL are told by triggers, which tables of an older version do not have. */
  async #lookForTriggers(): Promise<void> {
    const areThere = await this.#read((sessions) => sessions.hasTriggers()).catch(() => undefined);
    this.#tracked.keepFor(areThere === true ? REREAD_ANYWAY_MS : REREAD_UNTOLD_MS);
    if (areThere !== false || this.#hasWarned) return;
    this.#hasWarned = true;
    new Logger('Fastauth').warn(
      'PostgreSQL does not tell of sessions that others change by SQL: they are seen up to ' +
        `${REREAD_UNTOLD_MS / 1000} seconds later, by sockets not at all. "fastauth store migrate" makes the triggers.`,
    );
  }

  #pollIfNeeded(): void {
    if (this.#open && this.#watchers > 0 && !this.#isFed) this.#poll.start();
    else this.#poll.stop();
  }

  #isUnsure(): boolean {
    return performance.now() < this.#unsureUntil;
  }

  /** Seconds between the start of a write's first statement and the end of its last one, at the most. */
  #longestWrite(): number {
    return 2 * this.#timeout + 1;
  }

  #opened(): OpenStore {
    if (!this.#open) throw new StoreUnavailableError('The token store is not open.');
    return this.#open;
  }

  async #read<T>(action: (sessions: SqlSessions) => Promise<T>): Promise<T> {
    const { sessions } = this.#opened();
    return this.#readWith(() => action(sessions));
  }

  async #readWith<T>(action: (connection: SqlConnection) => Promise<T>): Promise<T> {
    const { connection } = this.#opened();
    return this.#policy.read(() => action(connection).catch(rethrower(connection)));
  }

  /** A write of one statement. */
  #statement<T>(action: (sessions: SqlSessions) => Promise<T>): Promise<T> {
    return this.#write(({ db, dialect }, signal, deadline) => {
      const send = (until: number): Promise<T> =>
        db.connection().execute((connection) => {
          // Whoever waited for a connection until the time was over was told that nothing happened.
          signal.throwIfAborted();
          return action(new SqlSessions(connection, dialect, this.#scope, until / 1000));
        });
      return this.#clock.inTime(deadline, signal, send, (error) => error instanceof TooLateError);
    });
  }

  /** A write of several statements: all of them, or none. */
  #transaction<T>(action: (sessions: SqlSessions) => Promise<T>): Promise<T> {
    return this.#transactionWith((db, dialect) => action(new SqlSessions(db, dialect, this.#scope)));
  }

  #transactionWith<T>(action: (db: Kysely<SqlTables>, dialect: SqlDialect) => Promise<T>): Promise<T> {
    return this.#write(({ db, dialect }, signal) => {
      const transaction = db.transaction();
      // Statements have to see what was committed while they waited for a lock. SQLite needs and knows no levels.
      const levelled = dialect.locksRows ? transaction.setIsolationLevel('read committed') : transaction;
      return levelled.execute(async (connection) => {
        signal.throwIfAborted();
        const result = await action(connection, dialect);
        signal.throwIfAborted();
        return result;
      });
    });
  }

  async #write<T>(
    action: (connection: SqlConnection, signal: AbortSignal, deadline: number) => Promise<T>,
  ): Promise<T> {
    const { connection } = this.#opened();
    const write = this.#policy.write((signal, deadline) =>
      retryingConflicts(signal, () => action(connection, signal, deadline)).catch(rethrower(connection)),
    );
    this.#writes.add(write);
    try {
      return await write;
    } catch (error) {
      // The next connection may lead to another server.
      this.#clock.forget();
      this.#unsureUntil = performance.now() + this.#longestWrite() * 1000;
      throw error;
    } finally {
      this.#writes.delete(write);
    }
  }
}

function rethrower({ address }: SqlConnection): (error: unknown) => never {
  return (error) => {
    throw explained(error, address);
  };
}

import { StoreUnavailableError } from '../../errors.js';
import { BackendClock } from '../backend-clock.js';
import { BackendPolicy } from '../backend-policy.js';
import { PendingCalls } from '../pending-calls.js';
import type { TimeLimit } from '../time-limit.js';
import { readClock } from './clock.js';
import { connectSql, type SqlConnection, type SqlDatabase } from './connection.js';
import { retryingConflicts, throwExplained, TooLateError } from './faults.js';
import type { ScopedDatabase, SqlScope } from './scope.js';
import { tablesFault } from './tables-check.js';

/** The way to the database: connected and closed once, read and written within the time limit, its faults told as ours. */
export class SqlAccess {
  readonly #policy: BackendPolicy;
  readonly #clock = new BackendClock(async () => (await readClock(this.#opened())) * 1000);
  readonly #calls = new PendingCalls();
  #open: SqlConnection | undefined;
  /** Until when a write of ours whose outcome is unknown may still come through (of `performance.now()`). */
  #unsureUntil = -Infinity;

  /** @param timeout of one operation, in seconds */
  constructor(
    private readonly database: SqlDatabase,
    private readonly timeout: number,
    readonly scope: SqlScope,
  ) {
    this.#policy = new BackendPolicy({ timeout });
  }

  /** Seconds between the start of a write's first statement and the end of its last one, at the most. */
  get longestWrite(): number {
    return 2 * this.timeout + 1;
  }

  /** Whether a write that was given up may still come through. */
  get isUnsure(): boolean {
    return performance.now() < this.#unsureUntil;
  }

  /**
   * @returns the connection, unless it is open already
   * @throws ConfigError its tables are missing or old, a driver is not installed, or the server refuses the login or
   * the database
   */
  async open(): Promise<SqlConnection | undefined> {
    if (this.#open) return undefined;
    const connection = await connectSql(this.database, this.timeout);
    const fault = await tablesFault(connection, this.#policy);
    if (fault !== undefined) {
      await connection.close();
      throw fault;
    }
    return (this.#open = connection);
  }

  async close(): Promise<void> {
    await this.#calls.settle();
    const open = this.#open;
    this.#open = undefined;
    await open?.close();
  }

  async read<T>(action: (database: ScopedDatabase) => Promise<T>): Promise<T> {
    const connection = this.#opened();
    const { db, dialect, address } = connection;
    return this.#calls.add(
      this.#policy.read(() => action({ db, dialect, scope: this.scope }).catch(throwExplained(address))),
    );
  }

  /**
   * A write of one statement.
   * @param action takes the deadline by the database's clock, in epoch seconds
   */
  statement<T>(action: (database: ScopedDatabase, deadline: number) => Promise<T>): Promise<T> {
    return this.#write(({ db, dialect }, limit) => {
      const send = (until: number): Promise<T> =>
        db.connection().execute((connection) => {
          // Whoever waited for a connection until the time was over was told that nothing happened.
          limit.throwIfPassed();
          return action({ db: connection, dialect, scope: this.scope }, until / 1000);
        });
      return this.#clock.inTime(limit, send, (error) => error instanceof TooLateError);
    });
  }

  /** A write of several statements: all of them, or none. */
  transaction<T>(action: (database: ScopedDatabase) => Promise<T>): Promise<T> {
    return this.#write(({ db, dialect }, limit) => {
      const transaction = db.transaction();
      // Statements have to see what was committed while they waited for a lock. SQLite needs and knows no levels.
      const levelled = dialect.locksRows ? transaction.setIsolationLevel('read committed') : transaction;
      return levelled.execute(async (connection) => {
        limit.throwIfPassed();
        const result = await action({ db: connection, dialect, scope: this.scope });
        limit.throwIfPassed();
        return result;
      });
    });
  }

  async #write<T>(action: (connection: SqlConnection, limit: TimeLimit) => Promise<T>): Promise<T> {
    const connection = this.#opened();
    const write = this.#policy.write((limit) =>
      retryingConflicts(limit, () => action(connection, limit)).catch(throwExplained(connection.address)),
    );
    try {
      return await this.#calls.add(write);
    } catch (error) {
      // The next connection may lead to another server.
      this.#clock.forget();
      this.#unsureUntil = performance.now() + this.longestWrite * 1000;
      throw error;
    }
  }

  #opened(): SqlConnection {
    if (!this.#open) throw new StoreUnavailableError('The token store is not open.');
    return this.#open;
  }
}

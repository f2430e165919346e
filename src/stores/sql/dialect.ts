import type { Kysely, RawBuilder, Sql } from 'kysely';
import { ConfigError, StoreUnavailableError } from '../../errors.js';
import type { SqlTables } from './tables.js';

/** The dialects of SQL that the tables are written for. */
export type SqlDialectName = 'postgres' | 'mysql' | 'sqlite';

/** Where the dialects differ. */
export interface SqlDialect {
  readonly name: SqlDialectName;
  /** Kysely's template tag. */
  readonly sql: Sql;
  /** Type of a column of at most so many bytes; without a number: of a text that a column cannot index. */
  readonly bytes: (length?: number) => RawBuilder<unknown>;
  /** Ends a CREATE TABLE. */
  readonly tableOptions: RawBuilder<unknown>;
  /** The database's clock at the start of the statement, in epoch seconds with a fraction. */
  readonly now: RawBuilder<number>;
  /** The same at the moment at which a row is looked at: a statement may have waited for it. */
  readonly clock: RawBuilder<number>;
  /** Whether transactions are several at a time, so that rows are locked, and those of others can be passed over. */
  readonly locksRows: boolean;
  /** Whether a write can notify those who listen. */
  readonly notifies: boolean;
  /** Runs an action while no other process runs one, in a transaction where tables can be made in one. */
  readonly exclusively: <T>(
    db: Kysely<SqlTables>,
    action: (db: Kysely<SqlTables>) => Promise<T>,
  ) => Promise<T>;
}

/** Seconds that a migration waits for another process' migration. */
const MIGRATION_WAIT = 60;
/** Any number, but always this one. */
const POSTGRES_LOCK = 4_702_111_234;

const DIALECTS: Readonly<Record<SqlDialectName, (sql: Sql) => SqlDialect>> = {
  postgres: (sql) => ({
    name: 'postgres',
    sql,
    bytes: () => sql`bytea`,
    tableOptions: sql``,
    now: sql<number>`cast(extract(epoch from statement_timestamp()) as double precision)`,
    clock: sql<number>`cast(extract(epoch from clock_timestamp()) as double precision)`,
    locksRows: true,
    notifies: true,
    exclusively: (db, action) =>
      db
        .transaction()
        .setIsolationLevel('read committed')
        .execute(async (transaction) => {
          await sql`select pg_advisory_xact_lock(${sql.lit(POSTGRES_LOCK)})`.execute(transaction);
          return action(transaction);
        }),
  }),
  mysql: (sql) => ({
    name: 'mysql',
    sql,
    bytes: (length) => (length === undefined ? sql`mediumblob` : sql`varbinary(${sql.lit(length)})`),
    tableOptions: sql`engine = InnoDB`,
    // Not unix_timestamp(now(6)): that knows no difference between the two equal hours when summer time ends.
    now: sql<number>`(timestampdiff(microsecond, '1970-01-01', utc_timestamp(6)) / 1e6)`,
    // Of the functions only sysdate() goes on, and that one knows local time only.
    clock: sql<number>`((timestampdiff(microsecond, '1970-01-01', utc_timestamp(6)) + timestampdiff(microsecond, now(6), sysdate(6))) / 1e6)`,
    locksRows: true,
    notifies: false,
    exclusively: (db, action) =>
      db.connection().execute(async (connection) => {
        const name = sql`concat('fastauth:', md5(database()))`;
        const { rows } = await sql<{
          locked: number | null;
        }>`select get_lock(${name}, ${sql.lit(MIGRATION_WAIT)}) as locked`.execute(connection);
        if (Number(rows[0]?.locked) !== 1) {
          throw new StoreUnavailableError('Another process has been migrating the token store for a minute.');
        }
        try {
          return await action(connection);
        } finally {
          await sql`select release_lock(${name})`.execute(connection);
        }
      }),
  }),
  sqlite: (sql) => ({
    name: 'sqlite',
    sql,
    bytes: () => sql`blob`,
    tableOptions: sql``,
    now: sql<number>`((julianday('now') - 2440587.5) * 86400.0)`,
    clock: sql<number>`((julianday('now') - 2440587.5) * 86400.0)`,
    locksRows: false,
    notifies: false,
    exclusively: (db, action) =>
      db.connection().execute(async (connection) => {
        await sql`begin immediate`.execute(connection);
        try {
          const result = await action(connection);
          await sql`commit`.execute(connection);
          return result;
        } catch (error) {
          await sql`rollback`.execute(connection);
          throw error;
        }
      }),
  }),
};

/**
 * The dialect of a database, told by what its Kysely adapter says it can do, which third parties' adapters say too.
 * @param sql of the package kysely, which is imported only where a SQL database is used
 * @throws ConfigError for none of the dialects above
 */
export function sqlDialectOf(db: Kysely<SqlTables>, sql: Sql): SqlDialect {
  const { supportsReturning, supportsTransactionalDdl, supportsOutput } = db.getExecutor().adapter;
  if (supportsOutput === true) {
    throw new ConfigError([
      'store: there are no tables for this dialect; PostgreSQL, MySQL, MariaDB, SQLite and what speaks like one of them can be used',
    ]);
  }
  if (!supportsReturning) return DIALECTS.mysql(sql);
  return (supportsTransactionalDdl ? DIALECTS.postgres : DIALECTS.sqlite)(sql);
}

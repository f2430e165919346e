import { Kysely, type Dialect } from 'kysely';
import { importOptional } from '../config/optional-package.js';
import { familyOf, type SqlFamily } from './sql.family.js';
import type { FeedListener, PostgresFeed } from './sql.postgres-feed.js';
import type { SqlTables } from './sql.tables.js';

/** Which database: one of the three. */
export type SqlDatabase =
  | {
      /** `postgres://`, `postgresql://`, `mysql://` or `mariadb://`; needs the package `pg` or `mysql2`. */
      readonly url: string;
    }
  | {
      /** Any dialect of Kysely for PostgreSQL, MySQL, MariaDB, SQLite or what speaks like one of them. */
      readonly dialect: Dialect;
    }
  | {
      /** An instance of Kysely that the application has. It is not closed with the store. */
      readonly db: Kysely<any>; // eslint-disable-line @typescript-eslint/no-explicit-any -- its tables are not ours to know
    };

/** A database in use. Nothing is connected before the first statement. */
export interface SqlConnection {
  readonly db: Kysely<SqlTables>;
  readonly family: SqlFamily;
  /** Makes the feed of what is notified on a channel, where the server has one. */
  readonly feed?: ((channel: string, listener: FeedListener) => PostgresFeed) | undefined;
  close(): Promise<void>;
}

interface Server {
  readonly dialect: Dialect;
  readonly feed?: SqlConnection['feed'];
}

/**
 * @param timeout time limit of one statement in seconds
 * @throws ConfigError for a dialect that cannot be used, or a driver that is not installed
 */
export async function connectSql(database: SqlDatabase, timeout: number): Promise<SqlConnection> {
  if ('db' in database) {
    const db = database.db as Kysely<SqlTables>;
    return { db, family: familyOf(db), close: async () => undefined };
  }
  const { dialect, feed }: Server = 'url' in database ? await serverAt(database.url, timeout) : database;
  const db = new Kysely<SqlTables>({ dialect });
  return { db, family: familyOf(db), feed, close: () => db.destroy() };
}

async function serverAt(url: string, timeout: number): Promise<Server> {
  if (/^postgres(?:ql)?:/i.test(url)) {
    const [{ postgresDialect }, { PostgresFeed }] = await importOptional(
      () => Promise.all([import('./sql.postgres.js'), import('./sql.postgres-feed.js')]),
      'kysely pg',
    );
    return {
      dialect: postgresDialect(url, timeout),
      feed: (channel, listener) => new PostgresFeed(url, channel, timeout * 1000, listener),
    };
  }
  const { mysqlDialect } = await importOptional(() => import('./sql.mysql.js'), 'kysely mysql2');
  return { dialect: mysqlDialect(url, timeout) };
}

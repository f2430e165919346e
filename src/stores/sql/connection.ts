import type { Dialect, Kysely } from 'kysely';
import { importOptional } from '../../config/optional-package.js';
import { StoreRefusal } from '../store-refusal.js';
import { addressOf, type SqlAddress, UNKNOWN_ADDRESS } from './address.js';
import { sqlDialectOf, type SqlDialect } from './dialect.js';
import { mysqlDialect } from './mysql.js';
import { postgresDialect } from './postgres.js';
import { tlsFileFault } from './tls-files.js';
import { type FeedListener, PostgresFeed } from './postgres-feed.js';
import type { SqlTables } from './tables.js';

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
  readonly dialect: SqlDialect;
  readonly address: SqlAddress;
  /** Makes the feed of what is notified on a channel, where the server has one. */
  readonly feed?: ((channel: string, listener: FeedListener) => PostgresFeed) | undefined;
  close(): Promise<void>;
}

interface Server {
  readonly dialect: Dialect;
  readonly feed?: SqlConnection['feed'];
  readonly schema?: string | undefined;
}

/**
 * @param timeout time limit of one statement in seconds
 * @throws ConfigError for a dialect that cannot be used, or a driver that is not installed
 */
export async function connectSql(database: SqlDatabase, timeout: number): Promise<SqlConnection> {
  if ('db' in database) {
    const { sql } = await import('kysely');
    const db = await ourNames(database.db as Kysely<SqlTables>);
    return { db, dialect: sqlDialectOf(db, sql), address: UNKNOWN_ADDRESS, close: async () => undefined };
  }
  const { dialect, feed, schema }: Server =
    'url' in database ? await serverAt(database.url, timeout) : database;
  const { Kysely, sql } = await import('kysely');
  const named = new Kysely<SqlTables>({ dialect });
  const db = schema === undefined ? named : named.withSchema(schema);
  const address = 'url' in database ? addressOf(database.url) : UNKNOWN_ADDRESS;
  return { db, dialect: sqlDialectOf(db, sql), address, feed, close: () => db.destroy() };
}

/** Without plugins that name columns otherwise, or change rows; the application's choice of a schema stays. */
async function ourNames(db: Kysely<SqlTables>): Promise<Kysely<SqlTables>> {
  const { WithSchemaPlugin } = await import('kysely');
  const schemas = db.getExecutor().plugins.filter((plugin) => plugin instanceof WithSchemaPlugin);
  return schemas.reduce((own, plugin) => own.withPlugin(plugin), db.withoutPlugins());
}

async function serverAt(url: string, timeout: number): Promise<Server> {
  const fault = tlsFileFault(url);
  if (fault !== undefined) throw new StoreRefusal([`database-url: ${fault}`]);
  if (/^postgres(?:ql)?:/i.test(url)) {
    const { connectionString, schema } = withoutSchema(url);
    return {
      schema,
      dialect: await importOptional(() => postgresDialect(connectionString, timeout), 'kysely pg'),
      feed: (channel, listener) => new PostgresFeed(connectionString, channel, timeout * 1000, listener),
    };
  }
  return { dialect: await importOptional(() => mysqlDialect(url, timeout), 'kysely mysql2') };
}

/** `?schema=` as Prisma has it, which pg does not know. */
function withoutSchema(url: string): { connectionString: string; schema: string | undefined } {
  const [, address = url, query] = /^([^?]*)\?(.*)$/s.exec(url) ?? [];
  if (query === undefined) return { connectionString: url, schema: undefined };
  const parameters = query.split('&');
  const others = parameters.filter((parameter) => !parameter.startsWith('schema='));
  const schema = new URLSearchParams(query).get('schema');
  return {
    connectionString: others.length > 0 ? `${address}?${others.join('&')}` : address,
    schema: schema || undefined,
  };
}

import { SqliteDialect } from 'kysely';
import Database from 'libsql';
import { SqlTokenStore } from 'nestjs-fastauth/sql';

/**
 * For a server, a URL is all it takes, and it may as well stand in `fastauth.config.json`, without any of this:
 * `"database-url": "postgres://user:password@localhost/app"`, or `mysql://…`.
 * Any other database that Kysely has a dialect for is handed in; here a SQLite file, so that nothing need be running.
 */
export function openTokenStore(url = process.env['SQL_URL']): SqlTokenStore {
  if (url) return new SqlTokenStore({ url });
  const database = new Database('sessions.db');
  database.pragma('journal_mode = WAL');
  return new SqlTokenStore({ dialect: new SqliteDialect({ database }) });
}

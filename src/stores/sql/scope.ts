import { createHash, randomBytes } from 'node:crypto';
import type { Kysely } from 'kysely';
import type { SqlDialect } from './dialect.js';
import type { SqlTables } from './tables.js';

/** Whose sessions, and who writes. */
export interface SqlScope {
  readonly app: Buffer;
  /** Tells this store object's own changes from others'. */
  readonly writer: Buffer;
  /** Where changes are notified, in databases that can. */
  readonly channel: string;
}

/** A database, or one transaction in it, and whose sessions are meant. */
export interface ScopedDatabase {
  readonly db: Kysely<SqlTables>;
  readonly dialect: SqlDialect;
  readonly scope: SqlScope;
}

/** The scope of one store object. */
export function createScope(appName: string): SqlScope {
  return {
    app: Buffer.from(appName),
    writer: randomBytes(8),
    channel: `fastauth_${createHash('sha256').update(appName).digest('hex').slice(0, 32)}`,
  };
}

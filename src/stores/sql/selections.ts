import type { SelectQueryBuilder } from 'kysely';
import type { ScopedDatabase } from './scope.js';
import type { RowKey, SqlTables } from './tables.js';

type KeySelection = SelectQueryBuilder<SqlTables, 'fastauth_sessions', RowKey>;

/** How many sessions are named in one statement. */
const CHUNK = 100;

export function selectSessions({ db, scope }: ScopedDatabase) {
  return db.selectFrom('fastauth_sessions').selectAll().where('app', '=', scope.app);
}

export function selectKeys({ db, scope }: ScopedDatabase): KeySelection {
  return db.selectFrom('fastauth_sessions').select(['client_id', 'family_id']).where('app', '=', scope.app);
}

/** @param skip passes over rows that another transaction holds, instead of waiting for it */
export function lockRows({ dialect }: ScopedDatabase, query: KeySelection, skip = false): KeySelection {
  return query.$if(dialect.locksRows, (select) =>
    skip ? select.forUpdate().skipLocked() : select.forUpdate(),
  );
}

/** Parts that one statement can name. */
export function* chunksOf<T>(items: readonly T[]): Iterable<readonly T[]> {
  for (let start = 0; start < items.length; start += CHUNK) yield items.slice(start, start + CHUNK);
}

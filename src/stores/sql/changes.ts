import type { Expression } from 'kysely';
import type { SqlChange } from './change-poll.js';
import type { ScopedDatabase } from './scope.js';
import { sessionKeyOf } from './tables.js';

/** When a row is changed, and by whom, for those who look for changes. */
export function changeMark({ dialect, scope }: ScopedDatabase): {
  changed_at: Expression<number>;
  changed_by: Buffer;
} {
  return { changed_at: dialect.clock, changed_by: scope.writer };
}

/** What was changed since this time by the database's clock, but by `writer`. */
export async function changesSince(
  { db, scope }: ScopedDatabase,
  time: number,
  writer: Buffer,
): Promise<readonly SqlChange[]> {
  const { app } = scope;
  const changed = db
    .selectFrom('fastauth_sessions')
    .select(['client_id', 'family_id', 'changed_at'])
    .where('app', '=', app)
    .where('changed_at', '>=', time)
    .where('changed_by', '!=', writer);
  const removed = db
    .selectFrom('fastauth_removals')
    .select([
      'client_id',
      'family_id',
      (eb) => eb.ref('changed_at').$castTo<number | null>().as('changed_at'),
    ])
    .where('app', '=', app)
    .where('changed_at', '>=', time)
    .where('changed_by', '!=', writer);
  const rows = await changed.unionAll(removed).execute();
  return rows.map((row) => ({ key: sessionKeyOf(row), changedAt: Number(row.changed_at) }));
}

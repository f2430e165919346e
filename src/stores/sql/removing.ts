import { REMOVALS_KEPT_SECONDS } from './change-poll.js';
import { changeMark } from './changes.js';
import { notifyChanges } from './notifications.js';
import type { ScopedDatabase } from './scope.js';
import { chunksOf } from './selections.js';
import type { RowKey } from './tables.js';

/** Deletes sessions, and remembers for a while that they have left. */
export async function removeRows(database: ScopedDatabase, keys: readonly RowKey[]): Promise<void> {
  const { db, scope } = database;
  const { app } = scope;
  for (const chunk of chunksOf(keys)) {
    await notifyChanges(database, chunk);
    await db
      .deleteFrom('fastauth_sessions')
      .where('app', '=', app)
      .where((eb) => eb.or(chunk.map((key) => eb.and({ ...key }))))
      .execute();
    await db
      .insertInto('fastauth_removals')
      .values(chunk.map((key) => ({ app, ...key, ...changeMark(database) })))
      .execute();
  }
}

/** Forgets removals that are too old to be told of. */
export async function forgetRemovals({ db, dialect, scope }: ScopedDatabase, limit: number): Promise<void> {
  const { sql, now } = dialect;
  const old = await db
    .selectFrom('fastauth_removals')
    .select('changed_at')
    .where('app', '=', scope.app)
    .where('changed_at', '<', sql<number>`${now} - ${sql.lit(REMOVALS_KEPT_SECONDS)}`)
    .orderBy('changed_at')
    .limit(limit)
    .execute();
  const last = old.at(-1);
  if (last === undefined) return;
  await db
    .deleteFrom('fastauth_removals')
    .where('app', '=', scope.app)
    .where('changed_at', '<=', last.changed_at)
    .execute();
}

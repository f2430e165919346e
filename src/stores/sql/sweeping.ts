import type { SessionKey } from '../../sessions/session-record.js';
import { forgetRemovals, removeRows } from './removing.js';
import type { ScopedDatabase } from './scope.js';
import { lockRows, selectKeys } from './selections.js';
import { rowKeyFrom, sessionKeyOf } from './tables.js';

/**
 * Takes out sessions that ended before this time, and what is too old to be told of. To be called in a transaction.
 * @returns the sessions removed
 */
export async function sweepEnded(
  database: ScopedDatabase,
  now: number,
  limit: number,
): Promise<readonly SessionKey[]> {
  const expired = await lockRows(
    database,
    selectKeys(database).where('expires_at', '<', now).orderBy('expires_at').limit(limit),
    true,
  ).execute();
  await removeRows(database, expired.map(rowKeyFrom));
  await forgetRemovals(database, limit);
  return expired.map(sessionKeyOf);
}

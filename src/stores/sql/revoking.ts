import type { RevokeFilter } from '../../sessions/token-store.js';
import { changeMark } from './changes.js';
import { lockClient } from './client-lock.js';
import { notifyChanges } from './notifications.js';
import type { ScopedDatabase } from './scope.js';
import { chunksOf, lockRows, selectKeys } from './selections.js';
import { CLIENT_ID_BYTES, rowKeyFrom, storableId, textOf } from './tables.js';

/**
 * Revokes a client's sessions. To be called in a transaction.
 * @returns the families revoked
 */
export async function revokeSessions(
  database: ScopedDatabase,
  clientId: string,
  revokedAt: number,
  { issuedBefore, exceptFamilyId }: RevokeFilter,
): Promise<readonly string[]> {
  const { db, scope } = database;
  await lockClient(database, clientId);
  const client = storableId(clientId, CLIENT_ID_BYTES);
  if (!client) return [];
  const rows = await lockRows(
    database,
    selectKeys(database)
      .where('client_id', '=', client)
      .where('revoked_at', 'is', null)
      .$if(issuedBefore !== undefined, (query) => query.where('created_at', '<', issuedBefore ?? 0)),
  ).execute();
  const keys = rows.map(rowKeyFrom).filter((key) => textOf(key.family_id) !== exceptFamilyId);
  for (const chunk of chunksOf(keys)) {
    await db
      .updateTable('fastauth_sessions')
      .set({ revoked_at: revokedAt, ...changeMark(database) })
      .where('app', '=', scope.app)
      .where((eb) => eb.or(chunk.map((key) => eb.and({ ...key }))))
      .execute();
    await notifyChanges(database, chunk);
  }
  return keys.map((key) => textOf(key.family_id));
}

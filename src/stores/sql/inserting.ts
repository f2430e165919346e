import { isLaterState, surplusSessions } from '../../sessions/live-sessions.js';
import { isRefreshable, type SessionRecord } from '../../sessions/session-record.js';
import { lockClient } from './client-lock.js';
import type { SqlSessionFinder } from './finding.js';
import { removeRows } from './removing.js';
import type { ScopedDatabase } from './scope.js';
import { selectSessions } from './selections.js';
import { CLIENT_ID_BYTES, NO_HASH, recordOf, rowKeyOf, storableId, type NewSessionRow } from './tables.js';

/**
 * Inserts a session in place of those that are too many with it. To be called in a transaction.
 * @returns the sessions removed
 */
export async function insertSession(
  database: ScopedDatabase,
  record: SessionRecord,
  row: NewSessionRow,
  sessionsPerClient: number,
): Promise<readonly SessionRecord[]> {
  if (sessionsPerClient === Infinity) {
    await insertRow(database, row);
    return [];
  }
  await lockClient(database, record.clientId);
  const surplus = isRefreshable(record)
    ? surplusSessions(
        await liveSessions(database, record.clientId, record.createdAt),
        record,
        sessionsPerClient,
      )
    : await surplusGrants(database, record, sessionsPerClient);
  await removeRows(database, surplus.map(rowKeyOf));
  await insertRow(database, row);
  return surplus;
}

/**
 * Puts a session in place of the stored one, if any, unless that is as late. To be called in a transaction.
 * @returns whether it was put
 */
export async function restoreSession(
  database: ScopedDatabase,
  finder: SqlSessionFinder,
  record: SessionRecord,
  row: NewSessionRow,
): Promise<boolean> {
  await lockClient(database, record.clientId);
  const stored = await finder.find(database, record, false);
  if (!isLaterState(record, stored)) return false;
  if (stored !== undefined) await removeRows(database, [rowKeyOf(stored)]);
  await insertRow(database, row);
  return true;
}

async function insertRow({ db, scope }: ScopedDatabase, row: NewSessionRow): Promise<void> {
  await db
    .insertInto('fastauth_sessions')
    .values({ app: scope.app, ...row })
    .execute();
}

/** The client's sessions that are neither revoked nor, at this time, expired. */
async function liveSessions(
  database: ScopedDatabase,
  clientId: string,
  at: number,
): Promise<readonly SessionRecord[]> {
  const client = storableId(clientId, CLIENT_ID_BYTES);
  if (!client) return [];
  const rows = await selectSessions(database)
    .where('client_id', '=', client)
    .where('revoked_at', 'is', null)
    .where('expires_at', '>=', Math.floor(at))
    .execute();
  return rows.map((row) => recordOf(row, clientId));
}

/** What `surplusSessions` answers for a session without a refresh token: all but the latest; no others are read. */
async function surplusGrants(
  database: ScopedDatabase,
  record: SessionRecord,
  sessionsPerClient: number,
): Promise<readonly SessionRecord[]> {
  const { client_id, family_id } = rowKeyOf(record);
  const rows = await selectSessions(database)
    .where('client_id', '=', client_id)
    .where('family_id', '!=', family_id)
    .where('revoked_at', 'is', null)
    .where('expires_at', '>=', Math.floor(record.createdAt))
    .where('refresh_hash', '=', NO_HASH)
    .orderBy('created_at', 'desc')
    // Some databases know an offset with a limit only.
    .limit(Number.MAX_SAFE_INTEGER)
    .offset(Math.max(1, sessionsPerClient) - 1)
    .execute();
  return rows.map((row) => recordOf(row, record.clientId)).toReversed();
}

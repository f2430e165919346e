import type { SessionRecord } from '../../sessions/session-record.js';
import type { ListAllOptions, SessionPage } from '../../sessions/token-store.js';
import type { ScopedDatabase } from './scope.js';
import { selectSessions } from './selections.js';
import { CLIENT_ID_BYTES, readableRecordOf, recordOf, rowKeyFrom, storableId } from './tables.js';

/** All of the client's sessions, oldest first. */
export async function listSessions(
  database: ScopedDatabase,
  clientId: string,
): Promise<readonly SessionRecord[]> {
  const client = storableId(clientId, CLIENT_ID_BYTES);
  if (!client) return [];
  const rows = await selectSessions(database).where('client_id', '=', client).orderBy('created_at').execute();
  return rows.map((row) => recordOf(row, clientId));
}

/**
 * A part of all sessions, in the order of the table's key. A cursor is the last key that was listed. The rest of its
 * client and the clients behind it are asked for apart: of both at once, databases read all that comes before, too.
 */
export async function listPart(
  database: ScopedDatabase,
  { cursor, limit }: ListAllOptions,
): Promise<SessionPage> {
  const inOrder = selectSessions(database).orderBy('client_id').orderBy('family_id');
  const [client, family] = (cursor ?? '').split(' ').map((part) => Buffer.from(part, 'hex'));
  const rows: Awaited<ReturnType<typeof inOrder.execute>> = [];
  let others = inOrder;
  if (client !== undefined && family !== undefined) {
    const rest = inOrder.where('client_id', '=', client).where('family_id', '>', family).limit(limit);
    rows.push(...(await rest.execute()));
    others = inOrder.where('client_id', '>', client);
  }
  if (rows.length < limit) rows.push(...(await others.limit(limit - rows.length).execute()));
  const last = rows.at(-1);
  const next =
    last === undefined || rows.length < limit
      ? undefined
      : Object.values(rowKeyFrom(last))
          .map((part: Buffer) => part.toString('hex'))
          .join(' ');
  return { sessions: rows.flatMap(readableRecordOf), next };
}

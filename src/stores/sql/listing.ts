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

/** A part of all sessions, in the order of the table's key. A cursor is the last key that was listed. */
export async function listPart(
  database: ScopedDatabase,
  { cursor, limit }: ListAllOptions,
): Promise<SessionPage> {
  const [client, family] = (cursor ?? '').split(' ').map((part) => Buffer.from(part, 'hex'));
  const rows = await selectSessions(database)
    .$if(cursor !== undefined && client !== undefined && family !== undefined, (query) =>
      query.where((eb) =>
        eb.or([
          eb('client_id', '>', client as Buffer),
          eb.and([eb('client_id', '=', client as Buffer), eb('family_id', '>', family as Buffer)]),
        ]),
      ),
    )
    .orderBy('client_id')
    .orderBy('family_id')
    .limit(limit)
    .execute();
  const last = rows.at(-1);
  const next =
    last === undefined || rows.length < limit
      ? undefined
      : Object.values(rowKeyFrom(last))
          .map((part: Buffer) => part.toString('hex'))
          .join(' ');
  return { sessions: rows.flatMap(readableRecordOf), next };
}

import type { CompiledQuery } from 'kysely';
import type { SessionKey, SessionRecord } from '../../sessions/session-record.js';
import type { ScopedDatabase } from './scope.js';
import { selectSessions } from './selections.js';
import { recordOf, storableKey, type RowKey, type SessionRow } from './tables.js';

/** What a read of one session answers. */
type FoundRow = SessionRow & { readonly changed_ago: number | null };

/** Finds sessions of one database. */
export class SqlSessionFinder {
  #query: CompiledQuery<FoundRow> | undefined;

  /** @param fresh also tells how long ago the session was rotated */
  async find(database: ScopedDatabase, key: SessionKey, fresh: boolean): Promise<SessionRecord | undefined> {
    const rowKey = storableKey(key);
    if (!rowKey) return undefined;
    // Compiled once: it is the statement of every guarded request.
    this.#query ??= compileFind(database, rowKey);
    const { rows } = await database.db.executeQuery<FoundRow>({
      ...this.#query,
      parameters: [database.scope.app, rowKey.client_id, rowKey.family_id],
    });
    const [row] = rows;
    if (row === undefined) return undefined;
    const record = recordOf(row, key.clientId);
    if (!fresh || record.rotatedAt === undefined || row.changed_ago === null) return record;
    // What has been rotated and not revoked was changed last by its rotation.
    return { ...record, rotatedAgo: Number(row.changed_ago) };
  }
}

function compileFind(database: ScopedDatabase, key: RowKey): CompiledQuery<FoundRow> {
  const { sql, now } = database.dialect;
  return selectSessions(database)
    .select((eb) => sql<number>`${now} - ${eb.ref('changed_at')}`.as('changed_ago'))
    .where('client_id', '=', key.client_id)
    .where('family_id', '=', key.family_id)
    .compile();
}

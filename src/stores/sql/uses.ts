import type { Kysely } from 'kysely';
import type { SessionKey, SessionRecord } from '../../sessions/session-record.js';
import type { SessionUse } from '../../sessions/token-store.js';
import type { SqlDialect } from './dialect.js';
import { isMissingTable } from './faults.js';
import {
  CLIENT_ID_BYTES,
  FAMILY_ID_BYTES,
  rowKeyFrom,
  rowKeyOf,
  storableId,
  textOf,
  type RowKey,
  type SqlTables,
} from './tables.js';

/** How many sessions are named in one statement. */
const CHUNK = 100;

/** When sessions were last used. Tables of before have no place for it: then nothing is known, and that is no fault. */
export class SqlUses {
  constructor(
    private readonly db: Kysely<SqlTables>,
    private readonly dialect: SqlDialect,
    private readonly app: Buffer,
  ) {}

  /**
   * One statement.
   * @returns whether there is a place for it
   */
  async touch({ clientId, familyId }: SessionKey, { usedAt, period }: SessionUse): Promise<boolean> {
    const client_id = storableId(clientId, CLIENT_ID_BYTES);
    const family_id = familyId === undefined ? undefined : storableId(familyId, FAMILY_ID_BYTES);
    if (!client_id || !family_id) return true;
    const { sql } = this.dialect;
    const row = { app: this.app, client_id, family_id, used_at: usedAt };
    const insert = this.db.insertInto('fastauth_last_uses').values(row);
    const upsert =
      this.dialect.name === 'mysql'
        ? insert.onDuplicateKeyUpdate({
            used_at: sql<number>`if(used_at <= ${usedAt - period}, ${usedAt}, used_at)`,
          })
        : insert.onConflict((conflict) =>
            conflict
              .columns(['app', 'client_id', 'family_id'])
              .doUpdateSet({ used_at: usedAt })
              .where('fastauth_last_uses.used_at', '<=', usedAt - period),
          );
    return unlessMissing(
      upsert.execute().then(() => true),
      false,
    );
  }

  /** The sessions, with when they were last used. */
  async addTo(records: readonly SessionRecord[]): Promise<readonly SessionRecord[]> {
    const uses = new Map<string, number>();
    for (let start = 0; start < records.length; start += CHUNK) {
      const keys = records.slice(start, start + CHUNK).map(rowKeyOf);
      for (const { used_at, ...key } of await this.usesOf(keys)) uses.set(nameOf(key), Number(used_at));
    }
    return records.map((record) => {
      const lastUsedAt = uses.get(nameOf(rowKeyOf(record)));
      return lastUsedAt === undefined ? record : { ...record, lastUsedAt };
    });
  }

  /** Forgets sessions that have left. */
  async forget(keys: readonly RowKey[]): Promise<void> {
    for (let start = 0; start < keys.length; start += CHUNK) {
      const chunk = keys.slice(start, start + CHUNK);
      await unlessMissing(
        this.db
          .deleteFrom('fastauth_last_uses')
          .where('app', '=', this.app)
          .where((eb) => eb.or(chunk.map((key) => eb.and({ ...key }))))
          .execute(),
        undefined,
      );
    }
  }

  private usesOf(keys: readonly RowKey[]) {
    return unlessMissing(
      this.db
        .selectFrom('fastauth_last_uses')
        .select(['client_id', 'family_id', 'used_at'])
        .where('app', '=', this.app)
        .where((eb) => eb.or(keys.map((key) => eb.and({ ...key }))))
        .execute(),
      [],
    );
  }
}

async function unlessMissing<T, R>(result: Promise<T>, otherwise: R): Promise<T | R> {
  try {
    return await result;
  } catch (error) {
    if (isMissingTable(error)) return otherwise;
    throw error;
  }
}

function nameOf(row: RowKey): string {
  const key = rowKeyFrom(row);
  return JSON.stringify([textOf(key.client_id), textOf(key.family_id)]);
}

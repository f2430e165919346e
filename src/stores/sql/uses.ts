import type { SessionKey, SessionRecord } from '../../sessions/session-record.js';
import type { SessionUse } from '../../sessions/token-store.js';
import { isMissingTable } from './faults.js';
import type { ScopedDatabase } from './scope.js';
import { chunksOf } from './selections.js';
import { rowKeyFrom, rowKeyOf, storableKey, textOf, type RowKey } from './tables.js';

/** When sessions were last used. Tables of before have no place for it: then nothing is known, and that is no fault. */
export class SqlUses {
  constructor(private readonly database: ScopedDatabase) {}

  /**
   * One statement.
   * @returns whether there is a place for it
   */
  async touch(key: SessionKey, { usedAt, period }: SessionUse): Promise<boolean> {
    const rowKey = storableKey(key);
    if (!rowKey) return true;
    const { db, dialect, scope } = this.database;
    const { sql } = dialect;
    const row = { app: scope.app, ...rowKey, used_at: usedAt };
    const insert = db.insertInto('fastauth_last_uses').values(row);
    const upsert =
      dialect.name === 'mysql'
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
    for (const chunk of chunksOf(records)) {
      for (const { used_at, ...key } of await this.usesOf(chunk.map(rowKeyOf)))
        uses.set(nameOf(key), Number(used_at));
    }
    return records.map((record) => {
      const lastUsedAt = uses.get(nameOf(rowKeyOf(record)));
      return lastUsedAt === undefined ? record : { ...record, lastUsedAt };
    });
  }

  /** Forgets sessions that have left. */
  async forget(keys: readonly RowKey[]): Promise<void> {
    const { db, scope } = this.database;
    for (const chunk of chunksOf(keys)) {
      await unlessMissing(
        db
          .deleteFrom('fastauth_last_uses')
          .where('app', '=', scope.app)
          .where((eb) => eb.or(chunk.map((key) => eb.and({ ...key }))))
          .execute(),
        undefined,
      );
    }
  }

  private usesOf(keys: readonly RowKey[]) {
    const { db, scope } = this.database;
    return unlessMissing(
      db
        .selectFrom('fastauth_last_uses')
        .select(['client_id', 'family_id', 'used_at'])
        .where('app', '=', scope.app)
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

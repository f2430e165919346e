import type { SqlConnection } from './connection.js';

/** What the database's clock shows, in epoch seconds. */
export async function readClock({ db, dialect }: Pick<SqlConnection, 'db' | 'dialect'>): Promise<number> {
  const { rows } = await dialect.sql<{ now: number }>`select ${dialect.clock} as now`.execute(db);
  return Number(rows[0]?.now);
}

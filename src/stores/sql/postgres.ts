import type { Dialect, PostgresPoolClient, PostgresQueryResult } from 'kysely';
import type { PoolClient } from 'pg';

const CONNECTIONS = 10;
/** How much longer than the server the client waits, so that the server's own answer is heard when it has one. */
const PATIENCE_MS = 100;

/**
 * The packages are imported here: a static import would be one of the start in a bundle of ES modules.
 * @param timeout time limit of one statement in seconds
 */
export async function postgresDialect(url: string, timeout: number): Promise<Dialect> {
  const { PostgresDialect } = await import('kysely');
  const { Pool } = await import('pg');
  const limit = Math.ceil(timeout * 1000);
  const pool = new Pool({
    connectionString: url,
    max: CONNECTIONS,
    application_name: 'fastauth',
    keepAlive: true,
    connectionTimeoutMillis: limit,
    // The server ends what nobody waits for any more: no write lingers, no lock is kept.
    statement_timeout: limit,
    lock_timeout: limit,
    idle_in_transaction_session_timeout: limit,
  });
  // A connection that breaks leaves the pool by itself; without listeners the process would end.
  pool.on('error', () => undefined).on('connect', (client) => client.on('error', () => undefined));
  return new PostgresDialect({
    pool: { connect: async () => withTimeLimit(await pool.connect(), limit), end: () => pool.end() },
  });
}

/** A connection whose server says nothing is thrown away: else a stalled network would use up the pool. */
function withTimeLimit(client: PoolClient, limit: number): PostgresPoolClient {
  let released = false;
  const release = (destroy?: boolean): void => {
    if (released) return;
    released = true;
    client.release(destroy);
  };
  const query = async <R>(text: string, values: readonly unknown[]): Promise<PostgresQueryResult<R>> => {
    const timer = setTimeout(() => release(true), limit + PATIENCE_MS);
    try {
      return (await client.query(text, [...values])) as unknown as PostgresQueryResult<R>;
    } finally {
      clearTimeout(timer);
    }
  };
  // Kysely asks for a cursor only to stream, which no statement of ours does.
  return { query: query as unknown as PostgresPoolClient['query'], release };
}

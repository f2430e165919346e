import type { Dialect, MysqlPoolConnection } from 'kysely';
import type { PoolConnection } from 'mysql2';

const CONNECTIONS = 10;
/** How much longer than the server the client waits, so that the server's own answer is heard when it has one. */
const PATIENCE_MS = 100;

/**
 * The packages are imported here: a static import would be one of the start in a bundle of ES modules.
 * @param timeout time limit of one statement in seconds
 */
export async function mysqlDialect(url: string, timeout: number): Promise<Dialect> {
  const { MysqlDialect } = await import('kysely');
  const { default: mysql } = await import('mysql2');
  const limit = Math.ceil(timeout * 1000);
  const pool = mysql.createPool({
    uri: url.replace(/^mariadb:/i, 'mysql:'),
    connectionLimit: CONNECTIONS,
    connectTimeout: limit,
    enableKeepAlive: true,
  });
  const session = sessionSettings(timeout);
  pool.on('connection', (connection) => {
    connection.query(session, (error) => error && connection.destroy());
  });
  return new MysqlDialect({
    pool: {
      getConnection: (done) => {
        const answer = once(done, limit, () => undefined);
        pool.getConnection((error, connection) => {
          if (!answer(error, error ? undefined : withTimeLimit(connection, limit))) connection?.release();
        });
      },
      end: (done) => pool.end(done),
    },
  });
}

/**
 * The server ends what nobody waits for any more: no write lingers, no lock is kept. MariaDB can end any statement,
 * MySQL reading ones and those that wait for a lock; each passes over what is the other's.
 */
function sessionSettings(timeout: number): string {
  return (
    `set session innodb_lock_wait_timeout = ${Math.ceil(timeout)} ` +
    `/*M!100100 , max_statement_time = ${timeout} */ ` +
    `/*!50708 , max_execution_time = ${Math.ceil(timeout * 1000)} */`
  );
}

/** A connection whose server says nothing is thrown away: else a stalled network would use up the pool. */
function withTimeLimit(connection: PoolConnection, limit: number): MysqlPoolConnection {
  const query = (sql: string, values: unknown[], done: (error: unknown, result?: unknown) => void): void => {
    const answer = once(done, limit + PATIENCE_MS, () => connection.destroy());
    connection.query(sql, values, (error, result) => answer(error, result));
  };
  return { query: query as MysqlPoolConnection['query'], release: () => connection.release() };
}

/** A callback that is called once: with what comes first, the answer or the end of the time. */
function once(
  done: (error: unknown, result: never) => void,
  limit: number,
  giveUp: () => void,
): (error: unknown, result: unknown) => boolean {
  let answered = false;
  const answer = (error: unknown, result: unknown): boolean => {
    if (answered) return false;
    answered = true;
    clearTimeout(timer);
    done(error, result as never);
    return true;
  };
  const timer = setTimeout(() => {
    giveUp();
    answer(Object.assign(new Error('The database did not answer in time'), { code: 'ETIMEDOUT' }), undefined);
  }, limit);
  return answer;
}

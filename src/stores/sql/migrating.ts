import { BackendPolicy } from '../backend-policy.js';
import { connectSql, type SqlDatabase } from './connection.js';
import { throwExplained } from './faults.js';
import { migrateTables } from './migrations.js';

/** Seconds that one statement of a migration may take. */
const MIGRATION_TIMEOUT = 600;

/**
 * Brings a database's tables up to date, over a connection of its own: building an index may take longer than a request
 * may wait.
 * @returns the names of the steps taken
 * @throws StoreUnavailableError
 */
export async function migrateDatabase(database: SqlDatabase): Promise<readonly string[]> {
  const connection = await connectSql(database, MIGRATION_TIMEOUT);
  try {
    return await new BackendPolicy({ timeout: MIGRATION_TIMEOUT }).write(() =>
      migrateTables(connection.db, connection.dialect).catch(throwExplained(connection.address)),
    );
  } finally {
    if ('url' in database) await connection.close();
  }
}

import { ConfigError } from '../../errors.js';
import type { BackendPolicy } from '../backend-policy.js';
import { StoreRefusal } from '../store-refusal.js';
import type { SqlConnection } from './connection.js';
import { explained, isMissingTable, MISSING_TABLES, refusalOf } from './faults.js';
import { NEEDED_VERSION, readVersion } from './migrations.js';

/** Why the tables cannot be used as they are; undefined where they can, or the database may only be out of reach. */
export async function tablesFault(
  { db, dialect, address }: SqlConnection,
  policy: BackendPolicy,
): Promise<ConfigError | undefined> {
  try {
    return await policy.read(async () => {
      try {
        if ((await readVersion(db, dialect)) >= NEEDED_VERSION) return undefined;
      } catch (error) {
        const refusal = refusalOf(error, address);
        if (refusal !== undefined) return new StoreRefusal([`database-url: ${refusal}`]);
        if (!isMissingTable(error)) throw explained(error, address);
      }
      return new ConfigError([`database-url: ${MISSING_TABLES}`]);
    });
  } catch {
    return undefined;
  }
}

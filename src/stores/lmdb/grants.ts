import { isRefreshable, sessionExpiresAt, type SessionRecord } from '../../sessions/session-record.js';
import { bytesAt } from './bytes.js';
import type { LmdbFiles } from './files.js';
import { beginningKey, endKey, type IndexedGrant, prefixOf, sessionKeyIn, timeBytes } from './grant-keys.js';
import { sessionKeyBytes } from './keys.js';

type Grants = Pick<LmdbFiles, 'grants' | 'grantCounts' | 'oldestGrants'>;

/** Indexes a client. */
export function startGrants(files: Grants, prefix: Buffer, records: readonly SessionRecord[]): void {
  files.grantCounts.start(prefix);
  for (const record of records) addGrant(files, record);
}

/** Does nothing for other sessions, nor for clients that are not indexed. */
export function addGrant(files: Grants, record: SessionRecord, sessionKey = sessionKeyBytes(record)): void {
  if (isRefreshable(record) || record.revokedAt !== undefined || sessionKey === undefined) return;
  const prefix = prefixOf(sessionKey);
  if (files.grantCounts.of(prefix) === undefined) return;
  const expiresAt = sessionExpiresAt(record);
  const byBeginning = beginningKey(sessionKey, record.createdAt);
  files.grants.putSync(byBeginning, timeBytes(expiresAt));
  files.grants.putSync(endKey(sessionKey, expiresAt), timeBytes(record.createdAt));
  files.grantCounts.added(prefix, expiresAt);
  files.oldestGrants.added(prefix, byBeginning);
}

/** Does nothing for sessions that are not in the index. */
export function removeGrant(files: Grants, { sessionKey, expiresAt }: IndexedGrant): void {
  const byEnd = endKey(sessionKey, expiresAt);
  const createdAt = bytesAt(files.grants, byEnd)?.readDoubleBE();
  if (createdAt === undefined) return;
  const byBeginning = beginningKey(sessionKey, createdAt);
  files.grants.removeSync(byEnd);
  files.grants.removeSync(byBeginning);
  const prefix = prefixOf(sessionKey);
  files.grantCounts.removed(prefix);
  files.oldestGrants.removed(prefix, byBeginning);
}

/** Those that ended before `time`. */
export function endedGrants({ grants, grantCounts }: Grants, prefix: Buffer, time: number): IndexedGrant[] {
  if (!grantCounts.mayHaveEnded(prefix, time)) return [];
  const range = { start: endKey(prefix, 0), end: endKey(prefix, time) };
  return Array.from(grants.getKeys(range), (key) => ({
    sessionKey: sessionKeyIn(key, prefix),
    expiresAt: -key.readDoubleBE(prefix.length),
  }));
}

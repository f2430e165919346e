import { bytesAt } from './bytes.js';
import type { LmdbFiles } from './files.js';
import { removeGrant } from './grants.js';
import { expiryPrefix, sessionKeyOfExpiry } from './keys.js';
import { hasEnded } from './records.js';

/**
 * Drops at most so many sessions that have ended.
 * @returns their keys
 */
export function sweepEnded(files: LmdbFiles, now: number, limit: number): readonly Buffer[] {
  const { sessions, revoked, expiries, uses } = files;
  const expired = [...expiries.getKeys({ end: expiryPrefix(now), limit })];
  for (const expiry of expired) {
    const key = sessionKeyOfExpiry(expiry);
    for (const database of [sessions, revoked])
      if (hasEnded(bytesAt(database, key), now)) database.removeSync(key);
    if (!sessions.doesExist(key) && !revoked.doesExist(key)) uses.removeSync(key);
    removeGrant(files, { sessionKey: key, expiresAt: expiry.readDoubleBE() });
    expiries.removeSync(expiry);
  }
  return expired.map(sessionKeyOfExpiry);
}

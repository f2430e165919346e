import { surplusSessions } from '../../sessions/live-sessions.js';
import { isRefreshable, type SessionRecord } from '../../sessions/session-record.js';
import type { LmdbFiles } from './files.js';
import { endedGrants, removeGrant, startGrants } from './grants.js';
import { clientPrefix } from './keys.js';
import { grantOf, moveRevoked, readClient, readSession } from './records.js';

/**
 * Which sessions must go for this one, in a transaction; see `surplusSessions`. Of the client's others only those are
 * read, unless it has a refresh token: then all, and the revoked ones are moved where no login passes them.
 * @param stored the session that `record` takes the place of
 */
export function makeRoom(
  files: LmdbFiles,
  record: SessionRecord,
  stored: SessionRecord | undefined,
  sessionsPerClient: number,
): readonly SessionRecord[] {
  if (!isRefreshable(record)) return surplusGrants(files, record, stored, sessionsPerClient);
  const others = readClient(files.sessions, record.clientId);
  const surplus = surplusSessions(others, record, sessionsPerClient);
  for (const other of others) if (other.revokedAt !== undefined) moveRevoked(files, other);
  return surplus;
}

/**
 * What `surplusSessions` answers for a record without a refresh token, reading no sessions but those. Those that have
 * ended by then leave the index. An earlier version that shares the folder writes sessions without the index: what it
 * removed is passed over here, and what it added is not counted.
 */
function surplusGrants(
  files: LmdbFiles,
  record: SessionRecord,
  stored: SessionRecord | undefined,
  sessionsPerClient: number,
): readonly SessionRecord[] {
  const prefix = clientPrefix(record.clientId);
  if (prefix === undefined) return [];
  if (files.grantCounts.of(prefix) === undefined) indexClient(files, record.clientId, prefix);
  if (stored) removeGrant(files, grantOf(stored));
  const now = Math.floor(record.createdAt);
  const gone = endedGrants(files, prefix, now);
  let surplus = (files.grantCounts.of(prefix) ?? 0) - gone.length + 1 - Math.max(1, sessionsPerClient);
  const sessions: SessionRecord[] = [];
  if (surplus > 0) {
    for (const grant of files.oldestGrants.of(prefix)) {
      if (grant.expiresAt < now) continue;
      const session = readSession(files, grant.sessionKey);
      if (session === undefined || session.revokedAt !== undefined) gone.push(grant);
      else sessions.push(session);
      if (--surplus === 0) break;
    }
  }
  for (const grant of gone) removeGrant(files, grant);
  files.grantCounts.removedEnded(prefix, now);
  return sessions;
}

/** Also moves the revoked ones, so that they are not read again. */
function indexClient(files: LmdbFiles, clientId: string, prefix: Buffer): void {
  const sessions = readClient(files.sessions, clientId);
  startGrants(files, prefix, sessions);
  for (const session of sessions) if (session.revokedAt !== undefined) moveRevoked(files, session);
}

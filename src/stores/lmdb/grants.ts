import { isRefreshable, sessionExpiresAt, type SessionRecord } from '../../sessions/session-record.js';
import { bytesAt } from './bytes.js';
import type { LmdbFiles } from './files.js';
import { sessionKeyBytes } from './keys.js';

type Grants = Pick<LmdbFiles, 'grants' | 'grantCounts'>;

/** A session in the index. */
export interface IndexedGrant {
  readonly sessionKey: Buffer;
  readonly expiresAt: number;
}

const TIME_BYTES = 8;
/** In the first byte of a time; positive doubles do not have it. */
const SIGN = 0x80;

/*
 * The index of the sessions without a refresh token (RFC 6749 section 4.4) that are not revoked. Its keys all start
 * with the client's prefix, as sessions do: nothing more → how many there are; when it began, and family → its end;
 * its end with the sign set, and family → when it began. A client without a count is not indexed yet.
 */

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
  files.grants.putSync(beginningKey(sessionKey, record.createdAt), timeBytes(expiresAt));
  files.grants.putSync(endKey(sessionKey, expiresAt), timeBytes(record.createdAt));
  files.grantCounts.added(prefix, expiresAt);
}

/** Does nothing for sessions that are not in the index. */
export function removeGrant(files: Grants, { sessionKey, expiresAt }: IndexedGrant): void {
  const byEnd = endKey(sessionKey, expiresAt);
  const createdAt = bytesAt(files.grants, byEnd)?.readDoubleBE();
  if (createdAt === undefined) return;
  files.grants.removeSync(byEnd);
  files.grants.removeSync(beginningKey(sessionKey, createdAt));
  files.grantCounts.removed(prefixOf(sessionKey));
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

/** All, the oldest first. */
export function* oldestGrants({ grants }: Grants, prefix: Buffer): Iterable<IndexedGrant> {
  for (const { key, value } of grants.getRange({ start: beginningKey(prefix, 0), end: endKey(prefix, 0) }))
    yield { sessionKey: sessionKeyIn(key, prefix), expiresAt: value.readDoubleBE() };
}

function beginningKey(sessionKey: Buffer, time: number): Buffer {
  const at = 2 + sessionKey.readUInt16BE();
  const key = Buffer.allocUnsafe(sessionKey.length + TIME_BYTES);
  sessionKey.copy(key, 0, 0, at);
  key.writeDoubleBE(Math.max(0, time), at);
  sessionKey.copy(key, at + TIME_BYTES, at);
  return key;
}

function endKey(sessionKey: Buffer, time: number): Buffer {
  const key = beginningKey(sessionKey, time);
  const at = 2 + key.readUInt16BE();
  key.writeUInt8(key.readUInt8(at) | SIGN, at);
  return key;
}

function sessionKeyIn(key: Buffer, prefix: Buffer): Buffer {
  return Buffer.concat([prefix, key.subarray(prefix.length + TIME_BYTES)]);
}

/** The client's part of a session's key. */
function prefixOf(sessionKey: Buffer): Buffer {
  return sessionKey.subarray(0, 2 + sessionKey.readUInt16BE());
}

function timeBytes(time: number): Buffer {
  const bytes = Buffer.allocUnsafe(TIME_BYTES);
  bytes.writeDoubleBE(Math.max(0, time));
  return bytes;
}

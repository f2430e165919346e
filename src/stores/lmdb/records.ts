import { StoreUnavailableError } from '../../errors.js';
import { isRefreshable, sessionExpiresAt, type SessionRecord } from '../../sessions/session-record.js';
import { decodeSessionRecord, encodeSessionRecord } from '../session-record.codec.js';
import { bytesAt } from './bytes.js';
import type { LmdbFiles } from './files.js';
import type { IndexedGrant } from './grant-keys.js';
import { addGrant, removeGrant } from './grants.js';
import { clientPrefix, expiryKeyBytes, keysFrom, parseSessionKey, sessionKeyBytes } from './keys.js';

const NO_BYTES = Buffer.alloc(0);

/** @throws RangeError for identifiers that cannot be stored exactly; the token endpoints refuse them before */
export function storableKey(record: SessionRecord): Buffer {
  const key = sessionKeyBytes(record);
  if (key === undefined) {
    throw new RangeError('The client identifier is too long or not well-formed Unicode.');
  }
  return key;
}

/** @returns a buffer that the next reading may overwrite */
export function readBytes({ sessions, revoked }: LmdbFiles, key: Buffer): Buffer | undefined {
  return bytesAt(sessions, key) ?? bytesAt(revoked, key);
}

export function readSession(files: LmdbFiles, key: Buffer): SessionRecord | undefined {
  const bytes = readBytes(files, key);
  if (bytes === undefined) return undefined;
  const { clientId, familyId } = parseSessionKey(key);
  return decodeSessionRecord(bytes, clientId, familyId);
}

/** Of the live sessions, with those that were revoked since the client's last login, or of the revoked ones. */
export function readClient(database: LmdbFiles['sessions'], clientId: string): SessionRecord[] {
  const prefix = clientPrefix(clientId);
  if (prefix === undefined) return [];
  return Array.from(database.getRange(keysFrom(prefix)), ({ key, value }) => {
    const { familyId } = parseSessionKey(key);
    return decodeSessionRecord(value, clientId, familyId);
  });
}

/** Every session that is not revoked, but for the damaged ones, which nobody can use. */
export function* readableSessions({ sessions }: LmdbFiles): Iterable<SessionRecord> {
  for (const { key, value } of sessions.getRange({})) {
    const { clientId, familyId } = parseSessionKey(key);
    try {
      yield decodeSessionRecord(value, clientId, familyId);
    } catch (error) {
      if (!(error instanceof StoreUnavailableError)) throw error;
    }
  }
}

export function putSession(
  files: LmdbFiles,
  key: Buffer,
  record: SessionRecord,
  bytes: Buffer,
  stored: SessionRecord | undefined,
): void {
  const { sessions, revoked, expiries } = files;
  const expiresAt = sessionExpiresAt(record);
  const storedExpiresAt = stored && sessionExpiresAt(stored);
  if (storedExpiresAt !== expiresAt) {
    if (storedExpiresAt !== undefined) expiries.removeSync(expiryKeyBytes(storedExpiresAt, key));
    expiries.putSync(expiryKeyBytes(expiresAt, key), NO_BYTES);
  }
  if (record.revokedAt === undefined) sessions.putSync(key, bytes);
  else revoked.putSync(key, bytes);
  if (stored && !isRefreshable(stored)) removeGrant(files, grantOf(stored));
  addGrant(files, record, key);
}

/** As it is in the index, if it is there. */
export function grantOf(record: SessionRecord): IndexedGrant {
  return { sessionKey: storableKey(record), expiresAt: sessionExpiresAt(record) };
}

/** The client's next login moves what {@link putRevoked} left where it was. */
export function moveRevoked({ sessions, revoked }: LmdbFiles, record: SessionRecord): void {
  const key = storableKey(record);
  revoked.putSync(key, encodeSessionRecord(record));
  sessions.removeSync(key);
}

/** A revocation changes a session where it is, since it must also do on a full disk. */
export function putRevoked(files: LmdbFiles, record: SessionRecord, revokedAt: number): void {
  files.sessions.putSync(storableKey(record), encodeSessionRecord({ ...record, revokedAt }));
  if (!isRefreshable(record)) removeGrant(files, grantOf(record));
}

export function removeSession(files: LmdbFiles, record: SessionRecord): void {
  const { sessions, expiries, uses } = files;
  const key = storableKey(record);
  const expiresAt = sessionExpiresAt(record);
  if (!isRefreshable(record)) removeGrant(files, { sessionKey: key, expiresAt });
  uses.removeSync(key);
  expiries.removeSync(expiryKeyBytes(expiresAt, key));
  sessions.removeSync(key);
}

/** A damaged session has ended, too: the index says so, and nobody can use it. */
export function hasEnded(bytes: Buffer | undefined, now: number): boolean {
  try {
    return bytes !== undefined && sessionExpiresAt(decodeSessionRecord(bytes, '', '')) < now;
  } catch {
    return true;
  }
}

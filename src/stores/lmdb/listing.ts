import { StoreUnavailableError } from '../../errors.js';
import type { SessionKey, SessionRecord } from '../../sessions/session-record.js';
import type { ListAllOptions, SessionPage, SessionUse } from '../../sessions/token-store.js';
import { decodeSessionRecord } from '../session-record.codec.js';
import { bytesAt } from './bytes.js';
import type { LmdbFiles } from './files.js';
import { parseSessionKey, sessionKeyBytes } from './keys.js';

/** Which of the two databases a part is of: the live sessions come first, since they become revoked ones. */
const PARTS = ['sessions', 'revoked'] as const;
const TIME_BYTES = 8;

/** A part of all sessions; see `TokenStore.listAll`. A cursor is the database and the last key that was listed. */
export function listPart(files: LmdbFiles, { cursor, limit }: ListAllOptions): SessionPage {
  const [part = PARTS[0], after] = cursor?.split(' ') ?? [];
  const start = after === undefined ? undefined : Buffer.from(`${after}00`, 'hex');
  const database = part === PARTS[1] ? files.revoked : files.sessions;
  const sessions: SessionRecord[] = [];
  let last: Buffer | undefined;
  let count = 0;
  for (const { key, value } of database.getRange({ ...(start ? { start } : {}), limit })) {
    last = Buffer.from(key);
    count++;
    const record = readable(value, last);
    if (record !== undefined) sessions.push(withUse(files, record));
  }
  if (count === limit && last !== undefined) return { sessions, next: `${part} ${last.toString('hex')}` };
  return { sessions, next: part === PARTS[0] ? PARTS[1] : undefined };
}

/** The session, with when it was last used. */
export function withUse({ uses }: LmdbFiles, record: SessionRecord): SessionRecord {
  const key = sessionKeyBytes(record);
  const bytes = key && bytesAt(uses, key);
  return bytes === undefined ? record : { ...record, lastUsedAt: bytes.readDoubleBE() };
}

/** Whether the use is to be written. */
export function isDue({ uses }: LmdbFiles, key: Buffer, { usedAt, period }: SessionUse): boolean {
  const bytes = bytesAt(uses, key);
  return bytes === undefined || usedAt >= bytes.readDoubleBE() + period;
}

export function timeBytes(time: number): Buffer {
  const bytes = Buffer.alloc(TIME_BYTES);
  bytes.writeDoubleBE(time);
  return bytes;
}

/** Undefined for a damaged one, which nobody can use. */
function readable(value: Buffer, key: Buffer): SessionRecord | undefined {
  const { clientId, familyId }: Required<SessionKey> = parseSessionKey(key);
  try {
    return decodeSessionRecord(value, clientId, familyId as string);
  } catch (error) {
    if (error instanceof StoreUnavailableError) return undefined;
    throw error;
  }
}

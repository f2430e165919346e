import { StoreUnavailableError } from '../../errors.js';
import { sessionExpiresAt, type SessionRecord } from '../../sessions/session-record.js';
import { decodeSessionRecord, encodeSessionRecord } from '../session-record.codec.js';

/** 1 when revoked, and when that was. */
const REVOCATION_BYTES = 1 + 8;
const END_BYTES = 8;
/** Generation and digest of the refresh token: what a rotation compares. */
const VERSION_BYTES = 4 + 32;
/** Where the label is: 0 for none or 1, its length, and its UTF-8. A rotation keeps it as it is stored. */
const LABEL_AT = REVOCATION_BYTES + END_BYTES + VERSION_BYTES;
const LABEL_HEADER_BYTES = 1 + 4;

/** The value of a session's key: first what the scripts read and write, at fixed places, then the record. */
export function redisValueOf(record: SessionRecord): Buffer {
  const { revokedAt } = record;
  const end = Buffer.alloc(END_BYTES);
  end.writeDoubleBE(sessionExpiresAt(record));
  return Buffer.concat([
    revokedAt === undefined ? Buffer.alloc(REVOCATION_BYTES) : redisRevocation(revokedAt),
    end,
    redisVersion(record.generation, record.refreshHash),
    redisLabel(record.label),
    encodeSessionRecord({ ...record, revokedAt: undefined, label: undefined }),
  ]);
}

/** The part of a value that holds the label. */
export function redisLabel(label: string | undefined): Buffer {
  const text = Buffer.from(label ?? '');
  const header = Buffer.alloc(LABEL_HEADER_BYTES, label === undefined ? 0 : 1);
  header.writeUInt32BE(text.length, 1);
  return Buffer.concat([header, text]);
}

/** What a value begins with once the session is revoked. */
export function redisRevocation(revokedAt: number): Buffer {
  const bytes = Buffer.alloc(REVOCATION_BYTES, 1);
  bytes.writeDoubleBE(revokedAt, 1);
  return bytes;
}

export function redisVersion(generation: number, refreshHash = ''): Buffer {
  const bytes = Buffer.alloc(VERSION_BYTES);
  bytes.writeUInt32BE(generation);
  bytes.write(refreshHash, 4, 'base64url');
  return bytes;
}

/** @throws StoreUnavailableError when it is damaged, or no value of ours */
export function sessionOfRedisValue(value: unknown, clientId: string, familyId: string): SessionRecord {
  const textAt = LABEL_AT + LABEL_HEADER_BYTES;
  const bytes = Buffer.isBuffer(value) ? value : Buffer.alloc(0);
  const recordAt = bytes.length < textAt ? Infinity : textAt + bytes.readUInt32BE(LABEL_AT + 1);
  if (bytes.length <= recordAt) throw new StoreUnavailableError('A session in Redis is damaged.');
  const record = decodeSessionRecord(bytes.subarray(recordAt), clientId, familyId);
  return {
    ...record,
    label: bytes[LABEL_AT] === 0 ? undefined : bytes.toString('utf8', textAt, recordAt),
    revokedAt: bytes[0] === 0 ? undefined : bytes.readDoubleBE(1),
  };
}

/** What a fresh read answers: the session, and how long ago it was rotated, which the time it has left tells. */
export function freshSessionOf(answer: unknown, clientId: string, familyId: string): SessionRecord {
  const [value, left] = Array.isArray(answer) ? (answer as unknown[]) : [];
  const record = sessionOfRedisValue(value, clientId, familyId);
  const isKnown = record.rotatedAt !== undefined && typeof left === 'number' && left >= 0;
  return isKnown ? { ...record, rotatedAgo: (redisLifetime(record) - left) / 1000 } : record;
}

/**
 * For how many milliseconds Redis keeps a session from its last write on: to the end of its last second. Counted
 * from the writer's own time, so that Redis' clock need not agree with it. What is left of it later is how much of it
 * has gone by since the write took effect, by Redis' clock.
 */
export function redisLifetime(record: SessionRecord): number {
  return redisTimeLeft(record, record.rotatedAt ?? record.createdAt);
}

/** The same of a session that was written at some time before `now` (epoch seconds). */
export function redisTimeLeft(record: SessionRecord, now: number): number {
  return Math.max(1, Math.ceil((sessionExpiresAt(record) + 1 - now) * 1000));
}

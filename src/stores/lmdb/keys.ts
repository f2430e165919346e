import type { SessionKey } from '../../sessions/session-record.js';

/** The longest key LMDB takes with pages of 4 KiB. The expiry index puts 8 bytes before a session's key. */
const MAX_SESSION_KEY_BYTES = 1978 - 8;
const LONE_SURROGATE = /\p{Surrogate}/u;
/** Sorts after every UTF-8 text. */
const AFTER_TEXT = Buffer.of(0xff);

/**
 * Where a session is: the client's byte length and UTF-8, then the family's. The length makes the key unambiguous,
 * and all sessions of a client lie side by side, so that the client needs no index of its own.
 * @returns undefined for identifiers that cannot be stored exactly: too long, or not well-formed Unicode
 */
export function sessionKeyBytes({ clientId, familyId }: SessionKey): Buffer | undefined {
  if (familyId === undefined || LONE_SURROGATE.test(familyId)) return undefined;
  const prefix = clientPrefix(clientId);
  if (prefix === undefined) return undefined;
  const key = Buffer.concat([prefix, Buffer.from(familyId)]);
  return key.length > MAX_SESSION_KEY_BYTES ? undefined : key;
}

/** The start of the keys of all sessions of a client; undefined as for {@link sessionKeyBytes}. */
export function clientPrefix(clientId: string): Buffer | undefined {
  const length = Buffer.byteLength(clientId);
  if (length > MAX_SESSION_KEY_BYTES - 2 || LONE_SURROGATE.test(clientId)) return undefined;
  const prefix = Buffer.allocUnsafe(2 + length);
  prefix.writeUInt16BE(length);
  prefix.write(clientId, 2);
  return prefix;
}

/** Where a client is; undefined as for {@link sessionKeyBytes}. */
export function clientKeyBytes(clientId: string): Buffer | undefined {
  const key = Buffer.from(clientId);
  const isStorable = key.length > 0 && key.length <= MAX_SESSION_KEY_BYTES && !LONE_SURROGATE.test(clientId);
  return isStorable ? key : undefined;
}

/** The range of the keys that start with `prefix`. */
export function keysFrom(prefix: Buffer): { start: Buffer; end: Buffer } {
  return { start: prefix, end: Buffer.concat([prefix, AFTER_TEXT]) };
}

/** Which session a key belongs to. */
export function parseSessionKey(key: Buffer): Required<SessionKey> & { familyId: string } {
  const clientEnd = 2 + key.readUInt16BE();
  return { clientId: key.toString('utf8', 2, clientEnd), familyId: key.toString('utf8', clientEnd) };
}

/** Where a session stands in the expiry index: its end (positive doubles sort by their bytes), then its key. */
export function expiryKeyBytes(expiresAt: number, sessionKey: Buffer): Buffer {
  return Buffer.concat([expiryPrefix(expiresAt), sessionKey]);
}

/** The key before which the index lists everything that ended before `time`. */
export function expiryPrefix(time: number): Buffer {
  const bytes = Buffer.allocUnsafe(8);
  bytes.writeDoubleBE(Math.max(0, time));
  return bytes;
}

/** The session's key within a key of the expiry index. */
export function sessionKeyOfExpiry(key: Buffer): Buffer {
  return key.subarray(8);
}

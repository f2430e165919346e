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

export function beginningKey(sessionKey: Buffer, time: number): Buffer {
  const at = 2 + sessionKey.readUInt16BE();
  const key = Buffer.allocUnsafe(sessionKey.length + TIME_BYTES);
  sessionKey.copy(key, 0, 0, at);
  key.writeDoubleBE(Math.max(0, time), at);
  sessionKey.copy(key, at + TIME_BYTES, at);
  return key;
}

export function endKey(sessionKey: Buffer, time: number): Buffer {
  const key = beginningKey(sessionKey, time);
  const at = 2 + key.readUInt16BE();
  key.writeUInt8(key.readUInt8(at) | SIGN, at);
  return key;
}

export function sessionKeyIn(key: Buffer, prefix: Buffer): Buffer {
  return Buffer.concat([prefix, key.subarray(prefix.length + TIME_BYTES)]);
}

/** The client's part of a session's key. */
export function prefixOf(sessionKey: Buffer): Buffer {
  return sessionKey.subarray(0, 2 + sessionKey.readUInt16BE());
}

export function timeBytes(time: number): Buffer {
  const bytes = Buffer.allocUnsafe(TIME_BYTES);
  bytes.writeDoubleBE(Math.max(0, time));
  return bytes;
}

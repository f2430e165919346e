import { crc32 } from 'node:zlib';
import { StoreUnavailableError } from '../errors.js';
import { isRefreshable, type SessionRecord } from '../sessions/session-record.js';

/** A version has one byte of flags, the next one two. */
const VERSION_1 = 1;
const VERSION_2 = 2;
const DIGEST_BYTES = 32;
const CHECKSUM_BYTES = 4;
/** Version, flags, generation, two times, a digest, checksum: what every record has. */
const FIXED_BYTES = 2 + 4 + 2 * 8 + DIGEST_BYTES + CHECKSUM_BYTES;
const REFRESH_BYTES = 8 + DIGEST_BYTES;

const HAS_PREVIOUS_HASH = 1;
const HAS_ROTATED_AT = 2;
const HAS_REVOKED_AT = 4;
const HAS_LABEL = 8;
const HAS_SEALED_PAIR = 16;
const HAS_KID = 32;
const HAS_CLAIMS = 64;
/** A store's own bytes stand behind all else; versions that do not know of them pass over them. */
const HAS_TRAILER = 128;
const HAS_SCOPE = 256;
/** Every record of version 1 has a refresh token. */
const HAS_REFRESH = 512;
/** {@link SessionRecord.isBeginningUnknown}; it has no bytes of its own. */
const IS_BEGINNING_UNKNOWN = 1024;

/**
 * A session as bytes, without the identifiers that its key already carries: 98 bytes when fresh. Digests are raw,
 * times are doubles (any number comes back exactly), texts are UTF-8 with their length before them, and a CRC-32
 * ends it, so that damage is noticed instead of being taken for another token. What version 1 can say is written as
 * that, so that processes of the version before can read it while a new one is deployed.
 * @param trailer bytes of the store's own, which {@link trailerOf} gives back
 * @throws TypeError when a hash is not the SHA-256 that {@link SessionRecord} promises
 */
export function encodeSessionRecord(record: SessionRecord, trailer?: Buffer): Buffer {
  const { previousRefreshHash, rotatedAt, revokedAt } = record;
  const texts = [record.label, record.sealedPair, record.kid, record.claims, record.scope].map(utf8);
  const [label, sealedPair, kid, claims, scope] = texts;
  const isRefreshed = isRefreshable(record);
  const isBeginningUnknown = record.isBeginningUnknown ?? false;
  const isVersion1 = isRefreshed && scope === undefined && !isBeginningUnknown;
  const flags =
    (previousRefreshHash === undefined ? 0 : HAS_PREVIOUS_HASH) |
    (rotatedAt === undefined ? 0 : HAS_ROTATED_AT) |
    (revokedAt === undefined ? 0 : HAS_REVOKED_AT) |
    (label === undefined ? 0 : HAS_LABEL) |
    (sealedPair === undefined ? 0 : HAS_SEALED_PAIR) |
    (kid === undefined ? 0 : HAS_KID) |
    (claims === undefined ? 0 : HAS_CLAIMS) |
    (trailer === undefined ? 0 : HAS_TRAILER) |
    (scope === undefined ? 0 : HAS_SCOPE) |
    (isRefreshed ? HAS_REFRESH : 0) |
    (isBeginningUnknown ? IS_BEGINNING_UNKNOWN : 0);
  const writer = new RecordWriter(
    FIXED_BYTES +
      (isVersion1 ? 0 : 1) +
      (isRefreshed ? REFRESH_BYTES : 0) +
      (previousRefreshHash === undefined ? 0 : DIGEST_BYTES) +
      (rotatedAt === undefined ? 0 : 8) +
      (revokedAt === undefined ? 0 : 8) +
      texts.reduce((sum, text) => sum + (text === undefined ? 0 : 4 + text.length), 0) +
      (trailer?.length ?? 0),
  );
  writer.byte(isVersion1 ? VERSION_1 : VERSION_2);
  writer.byte(flags & 0xff);
  if (!isVersion1) writer.byte(flags >> 8);
  writer.count(record.generation);
  writer.time(record.accessExpiresAt);
  if (isRefreshed) writer.time(record.refreshExpiresAt);
  writer.time(record.createdAt);
  writer.digest(record.accessHash);
  if (isRefreshed) writer.digest(record.refreshHash);
  if (previousRefreshHash !== undefined) writer.digest(previousRefreshHash);
  if (rotatedAt !== undefined) writer.time(rotatedAt);
  if (revokedAt !== undefined) writer.time(revokedAt);
  for (const text of texts) if (text !== undefined) writer.text(text);
  if (trailer !== undefined) writer.raw(trailer);
  return writer.end();
}

/**
 * Reads what {@link encodeSessionRecord} wrote; nothing of `bytes` is kept.
 * @throws StoreUnavailableError when the bytes are damaged or of a version this package does not know
 */
export function decodeSessionRecord(bytes: Buffer, clientId: string, familyId: string): SessionRecord {
  const end = bytes.length - CHECKSUM_BYTES;
  if (end < FIXED_BYTES - CHECKSUM_BYTES || bytes.readUInt32BE(end) !== crc32(bytes.subarray(0, end))) {
    throw new StoreUnavailableError('A session in the token store is damaged.');
  }
  const version = bytes[0];
  if (version !== VERSION_1 && version !== VERSION_2) {
    throw new StoreUnavailableError(
      'A session in the token store was written by another version of fastauth.',
    );
  }
  const flags = version === VERSION_1 ? bytes.readUInt8(1) | HAS_REFRESH : bytes.readUInt16LE(1);
  const reader = new RecordReader(bytes, version === VERSION_1 ? 2 : 3);
  // Read in the order of the file, which is the order of these properties.
  return {
    clientId,
    familyId,
    generation: reader.count(),
    accessExpiresAt: reader.time(),
    refreshExpiresAt: flags & HAS_REFRESH ? reader.time() : undefined,
    createdAt: reader.time(),
    isBeginningUnknown: flags & IS_BEGINNING_UNKNOWN ? true : undefined,
    accessHash: reader.digest(),
    refreshHash: flags & HAS_REFRESH ? reader.digest() : undefined,
    previousRefreshHash: flags & HAS_PREVIOUS_HASH ? reader.digest() : undefined,
    rotatedAt: flags & HAS_ROTATED_AT ? reader.time() : undefined,
    revokedAt: flags & HAS_REVOKED_AT ? reader.time() : undefined,
    label: flags & HAS_LABEL ? reader.text() : undefined,
    sealedPair: flags & HAS_SEALED_PAIR ? reader.text() : undefined,
    kid: flags & HAS_KID ? reader.text() : undefined,
    claims: flags & HAS_CLAIMS ? reader.text() : undefined,
    scope: flags & HAS_SCOPE ? reader.text() : undefined,
  };
}

/** The store's own bytes in an encoded record that is in order: the last `length` ones; undefined if it has none. */
export function trailerOf(bytes: Buffer, length: number): Buffer | undefined {
  if (!(bytes.readUInt8(1) & HAS_TRAILER)) return undefined;
  const end = bytes.length - CHECKSUM_BYTES;
  return Buffer.from(bytes.subarray(end - length, end));
}

function utf8(text: string | undefined): Buffer | undefined {
  return text === undefined ? undefined : Buffer.from(text);
}

class RecordWriter {
  readonly #bytes: Buffer;
  #offset = 0;

  constructor(size: number) {
    this.#bytes = Buffer.allocUnsafe(size);
  }

  byte(value: number): void {
    this.#offset = this.#bytes.writeUInt8(value, this.#offset);
  }

  count(value: number): void {
    this.#offset = this.#bytes.writeUInt32BE(value, this.#offset);
  }

  time(value: number): void {
    this.#offset = this.#bytes.writeDoubleBE(value, this.#offset);
  }

  digest(hash: string): void {
    const start = this.#offset;
    this.#offset += this.#bytes.write(hash, start, DIGEST_BYTES, 'base64url');
    if (
      this.#bytes.toString('base64url', start, this.#offset) !== hash ||
      this.#offset - start !== DIGEST_BYTES
    ) {
      throw new TypeError('A session record needs SHA-256 hashes as base64url without padding.');
    }
  }

  text(text: Buffer): void {
    this.count(text.length);
    this.raw(text);
  }

  raw(bytes: Buffer): void {
    this.#offset += bytes.copy(this.#bytes, this.#offset);
  }

  end(): Buffer {
    this.#bytes.writeUInt32BE(crc32(this.#bytes.subarray(0, this.#offset)), this.#offset);
    return this.#bytes;
  }
}

class RecordReader {
  readonly #bytes: Buffer;
  #offset: number;

  constructor(bytes: Buffer, offset: number) {
    this.#bytes = bytes;
    this.#offset = offset;
  }

  count(): number {
    return this.#bytes.readUInt32BE(this.#advance(4));
  }

  time(): number {
    return this.#bytes.readDoubleBE(this.#advance(8));
  }

  digest(): string {
    const start = this.#advance(DIGEST_BYTES);
    return this.#bytes.toString('base64url', start, start + DIGEST_BYTES);
  }

  text(): string {
    const length = this.count();
    const start = this.#advance(length);
    return this.#bytes.toString('utf8', start, start + length);
  }

  #advance(bytes: number): number {
    const start = this.#offset;
    this.#offset += bytes;
    return start;
  }
}

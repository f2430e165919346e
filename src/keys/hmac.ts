import { hash, timingSafeEqual, type KeyObject } from 'node:crypto';
import { ALGORITHMS, type HmacAlgorithm } from './algorithms.js';

const INNER = 0x36;
const OUTER = 0x5c;
const SHA256_PAD_BYTES = 64;
/** Bytes that are there from the start: most tokens are shorter. */
const ROOM = 2048;

/**
 * Checks HMACs (RFC 2104) of one key. Its two hashes are asked for one by one, since an object of node:crypto for
 * each HMAC costs more than both, and leaves work for the garbage collector.
 */
export class HmacVerifier {
  readonly #hash: string;
  readonly #padBytes: number;
  /**
   * Each a pad, which is the key but for a constant, and behind it room for what is hashed with it. Kept for all
   * calls and out of the pool that unsafe buffers come from; private in a way that no inspection shows.
   */
  #inner: Buffer;
  readonly #outer: Buffer;

  constructor(algorithm: HmacAlgorithm, secret: KeyObject) {
    const { hash: name = 'sha256' } = ALGORITHMS[algorithm];
    this.#hash = name;
    this.#padBytes = name === 'sha256' ? SHA256_PAD_BYTES : 128;
    const exported = secret.export();
    const key = exported.length > this.#padBytes ? hash(name, exported, 'buffer') : exported;
    this.#inner = padded(key, INNER, this.#padBytes, ROOM);
    this.#outer = padded(key, OUTER, this.#padBytes, hash(name, '', 'buffer').length);
  }

  /**
   * Whether this is the HMAC of the data; compared in constant time. Never throws.
   * @param data one byte a character, as the ASCII of a token is
   */
  isOf(data: string, signature: Buffer): boolean {
    const end = this.#padBytes + data.length;
    if (end > this.#inner.length) {
      const wider = Buffer.alloc(end);
      this.#inner.copy(wider, 0, 0, this.#padBytes);
      this.#inner = wider;
    }
    this.#inner.write(data, this.#padBytes, 'latin1');
    this.#outer.write(hash(this.#hash, this.#inner.subarray(0, end), 'binary'), this.#padBytes, 'latin1');
    const digest = Buffer.from(hash(this.#hash, this.#outer, 'binary'), 'latin1');
    return digest.length === signature.length && timingSafeEqual(digest, signature);
  }
}

/**
 * The HMAC of a key that is used once, by the same two hashes.
 * @param key at most 64 bytes
 * @throws RangeError it is longer
 */
export function hmacSha256(key: Buffer, data: Buffer): Buffer {
  if (key.length > SHA256_PAD_BYTES) throw new RangeError('The key is longer than 64 bytes');
  const inner = padded(key, INNER, SHA256_PAD_BYTES, data.length);
  data.copy(inner, SHA256_PAD_BYTES);
  const outer = padded(key, OUTER, SHA256_PAD_BYTES, 32);
  outer.write(hash('sha256', inner, 'binary'), SHA256_PAD_BYTES, 'latin1');
  return hash('sha256', outer, 'buffer');
}

function padded(key: Buffer, constant: number, padBytes: number, room: number): Buffer {
  const bytes = Buffer.alloc(padBytes + room);
  bytes.fill(constant, 0, padBytes);
  for (let index = 0; index < key.length; index++) bytes[index] = (key[index] as number) ^ constant;
  return bytes;
}

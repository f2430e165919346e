import { hash, timingSafeEqual, type KeyObject } from 'node:crypto';
import { ALGORITHMS, type HmacAlgorithm } from './algorithms.js';

const INNER = 0x36;
const OUTER = 0x5c;

/**
 * Checks HMACs (RFC 2104) of one key. Its two hashes are asked for one by one, since an object of node:crypto for
 * each HMAC costs more than both, and leaves work for the garbage collector.
 */
export class HmacVerifier {
  private readonly hash: string;
  private readonly inner: Buffer;
  private readonly outer: Buffer;

  constructor(algorithm: HmacAlgorithm, secret: KeyObject) {
    const { hash: name = 'sha256' } = ALGORITHMS[algorithm];
    this.hash = name;
    const blockBytes = name === 'sha256' ? 64 : 128;
    const key = secret.export();
    const block = Buffer.alloc(blockBytes);
    (key.length > blockBytes ? hash(name, key, 'buffer') : key).copy(block);
    this.inner = block.map((byte) => byte ^ INNER) as Buffer;
    this.outer = block.map((byte) => byte ^ OUTER) as Buffer;
  }

  /**
   * Whether this is the HMAC of the data; compared in constant time. Never throws.
   * @param data one byte a character, as the ASCII of a token is
   */
  isOf(data: string, signature: Buffer): boolean {
    const message = Buffer.allocUnsafe(this.inner.length + data.length);
    this.inner.copy(message);
    message.write(data, this.inner.length, 'latin1');
    const digest = this.over(this.outer, hash(this.hash, message, 'binary'));
    return digest.length === signature.length && timingSafeEqual(digest, signature);
  }

  private over(pad: Buffer, digest: string): Buffer {
    const message = Buffer.allocUnsafe(pad.length + digest.length);
    pad.copy(message);
    message.write(digest, pad.length, 'latin1');
    return Buffer.from(hash(this.hash, message, 'binary'), 'latin1');
  }
}

import { createHmac, createSecretKey, randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { hmacSha256, HmacVerifier } from './hmac.js';

const ALGORITHMS = [
  ['HS256', 'sha256'],
  ['HS384', 'sha384'],
  ['HS512', 'sha512'],
] as const;

describe.each(ALGORITHMS)('%s', (algorithm, hash) => {
  it.each([0, 1, 32, 63, 64, 65, 127, 128, 129, 300])(
    'agrees with node:crypto on a key of %i bytes',
    (length) => {
      const key = createSecretKey(randomBytes(length));
      const verifier = new HmacVerifier(algorithm, key);
      for (const data of ['', 'a.b', 'x'.repeat(8192)]) {
        const signature = createHmac(hash, key).update(data, 'latin1').digest();
        expect(verifier.isOf(data, signature)).toBe(true);
        expect(verifier.isOf(`${data} `, signature)).toBe(false);
        expect(verifier.isOf(data, signature.subarray(1))).toBe(false);
        signature[0] = (signature[0] as number) ^ 1;
        expect(verifier.isOf(data, signature)).toBe(false);
      }
    },
  );
});

describe('the HMAC of a key that is used once', () => {
  it.each([0, 1, 32, 63, 64])('agrees with node:crypto on a key of %i bytes', (length) => {
    const key = randomBytes(length);
    for (const data of [Buffer.alloc(0), randomBytes(24), randomBytes(8192)]) {
      expect(hmacSha256(key, data)).toEqual(createHmac('sha256', key).update(data).digest());
    }
  });

  it('takes no key that would have to be hashed first', () => {
    expect(() => hmacSha256(randomBytes(65), randomBytes(24))).toThrow(RangeError);
  });
});

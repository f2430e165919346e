import { createDecipheriv, hkdfSync } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { openPair, sealPair } from './sealed-pair.js';

const pair = { accessToken: 'access', refreshToken: 'refresh' };

describe('a sealed pair', () => {
  it('is opened by the presented token alone', () => {
    const sealed = sealPair(pair, 'presented');
    expect(openPair(sealed, 'presented')).toEqual(pair);
    expect(openPair(sealed, 'another')).toBeUndefined();
  });

  it('is AES-256-GCM under HKDF-SHA-256 of that token (RFC 5869), as node:crypto derives it', () => {
    const bytes = Buffer.from(sealPair(pair, 'presented'), 'base64url');
    const key = Buffer.from(hkdfSync('sha256', 'presented', '', 'fastauth sealed pair v1', 32));
    const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12)).setAuthTag(
      bytes.subarray(-16),
    );
    const text = Buffer.concat([decipher.update(bytes.subarray(12, -16)), decipher.final()]).toString();
    expect(JSON.parse(text)).toEqual(['access', 'refresh']);
  });
});

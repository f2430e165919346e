import { describe, expect, it } from '@jest/globals';
import { importJwk } from '../../src/keys/import-key.js';

const RSA = {
  kty: 'RSA',
  n: '0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw',
  e: 'AQAB',
};

describe('RFC 7638, JWK Thumbprint', () => {
  it('section 3.1: names the key of the example, whatever other members it has', () => {
    const { kid } = importJwk({ ...RSA, alg: 'RS256', use: 'sig', x5t: 'AA' }, { status: 'verify-only' });
    expect(kid).toBe('NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs');
  });

  it('section 7: gives no thumbprint of a symmetric key away', () => {
    const { kid } = importJwk({ kty: 'oct', k: Buffer.alloc(32, 1).toString('base64url'), alg: 'HS256' });
    expect(kid).toMatch(/^[0-9a-f]{32}$/);
  });
});

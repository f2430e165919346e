import { createSecretKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { calculateJwkThumbprint } from 'jose';
import type { AlgorithmName } from './algorithms.js';
import { importJwk, importPem, importSecret } from './import-key.js';
import type { JsonWebKey } from './json-web-key.js';

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const smallRsa = generateKeyPairSync('rsa', { modulusLength: 1024 });
const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' });
const ed25519 = generateKeyPairSync('ed25519');
const ed448 = generateKeyPairSync('ed448');

const SAMPLE = 'kAONxbkATfyk3kmnUhw7YyAMotmvuJ6tVsuT1w3A6N4=';
/** A power of 65537 modulo every small prime that the fingerprint looks at, as that generator's moduli are. */
const ROCA_MODULUS = Buffer.from((65537n ** 128n).toString(16).padStart(514, '0'), 'hex').toString(
  'base64url',
);

const jwk = (key: KeyObject, more: object = {}): JsonWebKey => ({
  ...key.export({ format: 'jwk' }),
  ...more,
});
const secret = (bytes: number): JsonWebKey => ({
  kty: 'oct',
  k: Buffer.alloc(bytes, 7).toString('base64url'),
});
const pem = (key: KeyObject): string =>
  key.export({ format: 'pem', type: key.type === 'private' ? 'pkcs8' : 'spki' }) as string;

/** Node.js 24 reads no key of two parts that do not belong together. */
const OTHER_PART =
  Number.parseInt(process.versions.node, 10) < 24
    ? /does not belong to its private part/
    : /is no key that can be read/;

describe('importing a key', () => {
  it.each([String.raw`\n`, String.raw`\r\n`])(
    'takes a PEM text whose line ends are written as %s',
    (lineEnd) => {
      const text = pem(p256.privateKey);
      const { kid } = importPem(text.replaceAll('\n', lineEnd), { algorithm: 'ES256' });
      expect(kid).toBe(importPem(text, { algorithm: 'ES256' }).kid);
    },
  );

  it.each<[AlgorithmName, KeyObject]>([
    ['RS256', rsa.privateKey],
    ['PS256', rsa.privateKey],
    ['ES256', p256.privateKey],
    ['EdDSA', ed25519.privateKey],
    ['RSA-OAEP-256', rsa.privateKey],
    ['ECDH-ES', p256.privateKey],
  ])(
    'takes a key pair for %s, as JWK and as PEM, and names it by its RFC 7638 thumbprint',
    async (algorithm, key) => {
      const kid = await calculateJwkThumbprint(jwk(key) as Parameters<typeof calculateJwkThumbprint>[0]);
      for (const imported of [importJwk(jwk(key, { alg: algorithm })), importPem(pem(key), { algorithm })]) {
        expect(imported).toMatchObject({ kid, thumbprint: kid, algorithm, status: 'signing' });
        expect([imported.issuingKey?.type, imported.acceptingKey.type].sort()).toEqual(['private', 'public']);
      }
    },
  );

  it('names a secret by what does not reveal it', () => {
    const { kid } = importSecret('a secret of the tests, thirty-two bytes or more');
    expect(kid).toMatch(/^[0-9a-f]{32}$/);
    expect(
      importJwk({
        kty: 'oct',
        k: Buffer.from('a secret of the tests, thirty-two bytes or more').toString('base64url'),
        alg: 'HS256',
      }).kid,
    ).toBe(kid);
    expect(importSecret('a secret of the tests, thirty-two bytes or more!').kid).not.toBe(kid);
  });

  it('takes a public key for verifying only', () => {
    const key = importJwk(jwk(ed25519.publicKey, { alg: 'EdDSA', kid: 'old' }), {
      status: 'verify-only',
      verifyUntil: 5,
    });
    expect(key).toMatchObject({ kid: 'old', status: 'verify-only', verifyUntil: 5, issuingKey: undefined });
  });

  const stranger = generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' });
  it.each<[string, () => unknown, RegExp]>([
    ['a secret of no bytes', () => importJwk({ kty: 'oct', k: '', alg: 'HS256' }), /is empty; make one with/],
    [
      'a short secret for HS384',
      () => importJwk({ ...secret(47), alg: 'HS384' }),
      /376 bits, but HS384 needs at least 384/,
    ],
    [
      'a short secret for HS512',
      () => importSecret('x'.repeat(63), { algorithm: 'HS512' }),
      /504 bits, but HS512 needs/,
    ],
    ['a secret of another length for dir', () => importJwk({ ...secret(16), alg: 'dir' }), /exactly 256/],
    [
      'a small RSA key',
      () => importJwk(jwk(smallRsa.privateKey, { alg: 'RS256' })),
      /1024 bits, but RSA keys need at least 2048/,
    ],
    [
      'a small RSA key for encryption',
      () => importPem(pem(smallRsa.privateKey), { algorithm: 'RSA-OAEP-256' }),
      /1024 bits/,
    ],
    ['PEM text as a secret', () => importSecret(pem(rsa.publicKey)), /a public key is no secret/],
    [
      'JWK text as a secret',
      () => importSecret(JSON.stringify(jwk(rsa.publicKey))),
      /a public key is no secret/,
    ],
    [
      'a PEM key for an HMAC',
      () => importPem(pem(rsa.publicKey), { algorithm: 'HS256' }),
      /HS256 needs a secret/,
    ],
    [
      'an RSA JWK for an HMAC',
      () => importJwk(jwk(rsa.publicKey), { algorithm: 'HS256' }),
      /HS256 needs "oct"/,
    ],
    ['a secret for RS256', () => importJwk(secret(64), { algorithm: 'RS256' }), /RS256 needs "RSA"/],
    [
      'another curve for ES256',
      () => importJwk(jwk(p384.privateKey, { alg: 'ES256' })),
      /another type or curve than ES256 needs: EC P-256/,
    ],
    [
      'another curve for EdDSA',
      () => importJwk(jwk(ed448.privateKey, { alg: 'EdDSA' })),
      /EdDSA needs: OKP Ed25519/,
    ],
    ['a JWK without alg', () => importJwk(jwk(p256.privateKey)), /says no "alg"/],
    [
      'an unknown alg',
      () => importJwk(jwk(p256.privateKey, { alg: 'none' })),
      /says no "alg" that is known here/,
    ],
    [
      'an alg of the prototype',
      () => importJwk(jwk(p256.privateKey, { alg: 'constructor' })),
      /says no "alg" that is known here/,
    ],
    [
      'another alg than wanted',
      () => importJwk(jwk(rsa.privateKey, { alg: 'RS256' }), { algorithm: 'PS256' }),
      /one key for one algorithm/,
    ],
    ['another use', () => importJwk(jwk(rsa.privateKey, { alg: 'RS256', use: 'enc' })), /needs "sig"/],
    [
      'a public key that shall sign',
      () => importJwk(jwk(p256.publicKey, { alg: 'ES256' })),
      /shall sign, but is a public key only/,
    ],
    [
      'a public key for decrypting',
      () => importJwk(jwk(p256.publicKey, { alg: 'ECDH-ES' })),
      /only be read with the private one/,
    ],
    [
      'a private part of another key',
      () => importJwk(jwk(ed25519.privateKey, { alg: 'EdDSA', x: stranger.x })),
      OTHER_PART,
    ],
    [
      'a private part of another key, for encryption',
      () =>
        importJwk(
          jwk(p256.privateKey, {
            alg: 'ECDH-ES',
            d: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' }).d,
          }),
        ),
      OTHER_PART,
    ],
    [
      'a damaged point',
      () =>
        importJwk({ ...jwk(p256.publicKey, { alg: 'ES256' }), y: Buffer.alloc(32, 1).toString('base64url') }),
      /no key that can be read/,
    ],
    [
      'a kid that is a path',
      () => importJwk({ ...secret(32), alg: 'HS256', kid: '../etc/passwd' }),
      /"kid" that is not 1 to 64/,
    ],
    [
      'the published sample as a JWK, of its text',
      () => importJwk({ kty: 'oct', k: Buffer.from(SAMPLE).toString('base64url'), alg: 'HS256' }),
      /sample key that is published in the original's documentation; make one with/,
    ],
    [
      'the published sample as a JWK, of its bytes',
      () => importJwk({ kty: 'oct', k: SAMPLE.slice(0, -1), alg: 'dir' }),
      /sample key that is published/,
    ],
    [
      'an RSA key with the exponent 1',
      () => importJwk({ ...jwk(rsa.publicKey, { alg: 'RS256' }), e: 'AQ' }, { status: 'verify-only' }),
      /anybody can sign; make another one|no key that can be read/,
    ],
    [
      'an RSA key of a generator that is broken (ROCA)',
      () => importJwk({ kty: 'RSA', n: ROCA_MODULUS, e: 'AQAB', alg: 'RS256' }, { status: 'verify-only' }),
      /ROCA.*keys rotate --algorithm RS256/,
    ],
    ['a k with padding', () => importJwk({ kty: 'oct', k: 'AAAA=', alg: 'HS256' }), /not base64url/],
  ])('refuses %s with a sentence', (_name, importing, sentence) => {
    expect(importing).toThrow(sentence);
  });

  it('tells no part of a key in its sentences', () => {
    const { k } = secret(47);
    expect(() => importJwk({ kty: 'oct', k: k as string, alg: 'HS384', kid: 'x' })).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining(k as string) }),
    );
    expect(createSecretKey(Buffer.from(k as string, 'base64url')).symmetricKeySize).toBe(47);
  });
});

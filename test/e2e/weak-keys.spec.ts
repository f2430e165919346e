import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { ConfigError, type FastauthModule } from '../../src/index.js';
import type { KeySetEntry } from '../../src/keys/key-set-document.js';
import { MASTER_TOKEN, SECRET, startApp } from '../support/app.js';
import { writeKeySet } from '../support/key-set.js';
import { freshJwk } from '../support/rings.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';

type Options = NonNullable<Parameters<typeof FastauthModule.forRoot>[0]>;

const pem = (key: KeyObject): string =>
  String(key.export({ format: 'pem', type: key.type === 'private' ? 'pkcs8' : 'spki' }));
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const small = generateKeyPairSync('rsa', { modulusLength: 1024 });
const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' });
const SAMPLE = 'kAONxbkATfyk3kmnUhw7YyAMotmvuJ6tVsuT1w3A6N4=';
const DIRECT =
  /make (a second |another )?one with "npx fastauth keys (generate --print|rotate --algorithm \S+)"/;
const oneKey = (key: NonNullable<Options['cryptographyKeys']>[number]): Options => ({
  cryptographyKey: '',
  cryptographyKeys: [key],
});
const rs256 = freshJwk('RS256');
const ring = (keys: readonly KeySetEntry[], mode = 0o600): Options => {
  const keySetFile = join(temporaryFolder(), 'keys.json');
  writeKeySet(keySetFile, { keys });
  chmodSync(keySetFile, mode);
  return { keySetFile };
};

describe('startup refuses', () => {
  afterAll(removeTemporaryFolders);

  it.each<[string, () => Options, what: RegExp, advice: RegExp]>([
    ['white space as key', () => ({ cryptographyKey: '  ' }), /white space only/, DIRECT],
    ['an empty secret', () => oneKey({ jwk: { kty: 'oct', k: '', alg: 'HS256' } }), /is empty/, DIRECT],
    ['the placeholder', () => ({ cryptographyKey: '<your-key>' }), /still the placeholder/, DIRECT],
    ['the published sample', () => ({ cryptographyKey: SAMPLE }), /sample key that is published/, DIRECT],
    [
      'the published sample as a JWK',
      () => oneKey({ jwk: { kty: 'oct', k: SAMPLE.slice(0, -1), alg: 'HS256' } }),
      /sample key that is published/,
      DIRECT,
    ],
    [
      'the sample of jwt.io in a ring',
      () => oneKey({ secret: 'a-string-secret-at-least-256-bits-long' }),
      /published in jwt\.io/,
      DIRECT,
    ],
    ['the sample as master token', () => ({ masterToken: SAMPLE }), /sample key/, DIRECT],
    [
      'a secret too short for its algorithm',
      () => ({ tokenAlgorithm: 'HS512', cryptographyKey: 'k'.repeat(40) }),
      /320 bits, but HS512 needs at least 512/,
      /take a longer one, or HS256/,
    ],
    [
      'the master token as key',
      () => ({ cryptographyKey: MASTER_TOKEN }),
      /masterToken and cryptographyKey are the same text/,
      DIRECT,
    ],
    [
      'the master token as a JWK of the key set file',
      () => ring([{ kty: 'oct', k: Buffer.from(MASTER_TOKEN).toString('base64url'), alg: 'HS256' }]),
      /masterToken is one of the cryptography keys.*; set by "masterToken" \(forRoot options\)/,
      DIRECT,
    ],
    [
      'a small RSA key',
      () => oneKey({ pem: pem(small.privateKey), algorithm: 'RS256' }),
      /1024 bits, but RSA keys need at least 2048/,
      DIRECT,
    ],
    [
      'a key of another curve',
      () => oneKey({ pem: pem(p384.privateKey), algorithm: 'ES256' }),
      /another type or curve than ES256 needs: EC P-256/,
      DIRECT,
    ],
    [
      'a public key as secret',
      () => ({ cryptographyKey: pem(rsa.publicKey) }),
      /a public key is no secret/,
      DIRECT,
    ],
    [
      'a public key as JWK text as secret',
      () => ({ cryptographyKey: JSON.stringify(rsa.publicKey.export({ format: 'jwk' })) }),
      /a public key is no secret/,
      DIRECT,
    ],
    [
      'a public key that shall sign',
      () => oneKey({ pem: pem(rsa.publicKey), algorithm: 'RS256' }),
      /shall sign, but is a public key only/,
      /give the private key/,
    ],
    [
      'a PEM key for an HMAC',
      () => oneKey({ pem: pem(rsa.privateKey), algorithm: 'HS256' }),
      /is a PEM key, but HS256 needs a secret/,
      /choose RS256/,
    ],
    [
      'one key for two algorithms',
      () => ring([rs256, { ...rs256, alg: 'PS256', kid: 'second', status: 'next' }]),
      /"second" is in the key ring twice/,
      /make another one/,
    ],
    [
      'one key for signing and encrypting',
      () => ring([rs256, { ...rs256, alg: 'RSA-OAEP-256', kid: 'second', status: 'verify-only' }]),
      /one key is for one algorithm and one purpose/,
      /make another one/,
    ],
    [
      'two keys of one name',
      () =>
        ring([
          { ...freshJwk('EdDSA'), kid: 'a' },
          { ...freshJwk('EdDSA'), kid: 'a', status: 'next' },
        ]),
      /kid "a" twice/,
      /give each key its own/,
    ],
    ['keys that others can read', () => ring([freshJwk('EdDSA')], 0o644), /keys\.json/, /chmod 600/],
  ])('%s, in a sentence that says what to do', async (_name, optionsOf, what, advice) => {
    const options = optionsOf();
    const failure = await startApp({ adapter: 'fastify', fastauth: options }).catch(
      (error: unknown) => error,
    );
    expect(failure).toBeInstanceOf(ConfigError);
    const { message } = failure as ConfigError;
    expect(message).toMatch(what);
    expect(message).toMatch(advice);
    for (const secret of [SECRET, MASTER_TOKEN, SAMPLE, rs256['d'] as string]) {
      expect(message).not.toContain(secret);
    }
  });
});

import { createHmac, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { loadFastauthConfig } from '../../src/config/load-config.js';
import { FastauthEvents } from '../../src/events/fastauth-events.js';
import { ALGORITHM_NAMES, ALGORITHMS } from '../../src/keys/algorithms.js';
import { importJwk, importSecret } from '../../src/keys/import-key.js';
import { KeyRing } from '../../src/keys/key-ring.js';
import { ActiveKeyRing } from '../../src/keys/active-key-ring.js';
import type { EncryptingKey } from '../../src/keys/ring-key.js';
import { MemoryTokenStore } from '../../src/stores/memory/memory.store.js';
import { TokenCodecs } from '../../src/tokens/codecs/token-codecs.js';
import { TokenFault } from '../../src/tokens/token-fault.js';
import { TokenService } from '../../src/tokens/token.service.js';
import { FakeClock } from '../support/fake-clock.js';
import { encryptByHand } from '../support/jwe-by-hand.js';
import { freshJwk, freshKey } from '../support/rings.js';
import { testConfig } from '../support/test-config.js';
import { base64url, forgeToken, tokenParts } from '../support/token-forgery.js';

const SECRET = 'a secret of the tests, thirty-two bytes or more';
const FORMATS = { accessTokenProfile: 'default', tokenFormat: 'jwt', acceptedTokenFormats: ['jwe'] } as const;
const codecOf = (ring: KeyRing) => new TokenCodecs(new ActiveKeyRing(ring), FORMATS);
const HS256 = { alg: 'HS256', typ: 'JWT' };

/** Best current practices, section 3, each under its own heading. */
describe('RFC 8725, JSON Web Token Best Current Practices', () => {
  const ecdh = freshKey('ECDH-ES');
  const ring = new KeyRing([importSecret(SECRET), ecdh]);
  const codec = codecOf(ring);
  const decode = async (token: string) => codec.decode(token, 0);

  it('3.1 Perform Algorithm Verification: a key has one algorithm, which no header changes', async () => {
    expect(await decode(forgeToken(HS256, { a: 1 }))).toMatchObject({ payload: { a: 1 } });
    for (const [alg, hash] of [
      ['HS384', 'sha384'],
      ['HS512', 'sha512'],
      ['HS384', 'sha256'],
      ['hs256', 'sha256'],
    ]) {
      expect(await decode(forgeToken({ alg }, { a: 1 }, { hash }))).toBe(TokenFault.badAlgorithm);
    }
    const jwk = freshJwk('RS256');
    const rsa = codecOf(new KeyRing([importJwk(jwk)]));
    const publicPem = createPublicKey({ key: jwk, format: 'jwk' }).export({ type: 'spki', format: 'pem' });
    expect(await rsa.decode(forgeToken(HS256, { a: 1 }, { secret: String(publicPem) }), 0)).toBe(
      TokenFault.badAlgorithm,
    );
    expect(
      () => new KeyRing([importJwk(jwk), importJwk({ ...jwk, alg: 'PS256' }, { kid: 'b', status: 'next' })]),
    ).toThrow('one key is for one algorithm');
  });

  it('3.2 Use Appropriate Algorithms: no "none", no RSA-PKCS1 v1.5 encryption, no SHA-1', async () => {
    expect(ALGORITHM_NAMES).toEqual(
      'HS256 HS384 HS512 RS256 PS256 ES256 EdDSA dir RSA-OAEP-256 ECDH-ES'.split(' '),
    );
    for (const alg of ['none', 'None', 'NONE', 'nOnE']) {
      expect(await decode(`${base64url({ alg })}.${base64url({ a: 1 })}.`)).toBeInstanceOf(TokenFault);
    }
  });

  it('3.3 Validate All Cryptographic Operations: both layers of a nested token', async () => {
    const inner = forgeToken(HS256, { a: 1 });
    const key = ring.encryptionKey as EncryptingKey;
    expect(await decode(encryptByHand(key, inner))).toMatchObject({ payload: { a: 1 } });
    expect(await decode(encryptByHand(key, forgeToken(HS256, { a: 1 }, { secret: 'another' })))).toBe(
      TokenFault.badSignature,
    );
    expect(await decode(encryptByHand(freshKey('ECDH-ES', { kid: key.kid }) as EncryptingKey, inner))).toBe(
      TokenFault.badSignature,
    );
  });

  it('3.4 Validate Cryptographic Inputs: points have to be on the curve, of keys and of tokens', async () => {
    const y = 'A'.repeat(43);
    expect(() => importJwk({ ...freshJwk('ES256'), y })).toThrow('no key that can be read');
    const token = encryptByHand(ring.encryptionKey as EncryptingKey, forgeToken(HS256, {}), (header) => ({
      ...header,
      epk: { ...(header['epk'] as object), y },
    }));
    expect(await decode(token)).toBeInstanceOf(TokenFault);
  });

  it('3.5 Ensure Cryptographic Keys Have Sufficient Entropy: refused, or told where the original allows it', () => {
    expect(() => importSecret('x'.repeat(47), { algorithm: 'HS384' })).toThrow('needs at least 384');
    const key = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey;
    expect(() => importJwk({ ...key.export({ format: 'jwk' }), alg: 'RS256' })).toThrow('at least 2048');
    const { warnings } = loadFastauthConfig(
      { configFile: false, envFile: false, cryptographyKey: 'a password' },
      { env: {} },
    );
    expect(warnings).toContainEqual(expect.stringMatching(/cryptographyKey is shorter than 32 bytes/));
  });

  it('3.6 Avoid Compression of Encryption Inputs: neither written nor read', async () => {
    const key = ring.encryptionKey as EncryptingKey;
    const zipped = encryptByHand(key, deflateRawSync(forgeToken(HS256, {})), (header) => ({
      ...header,
      zip: 'DEF',
    }));
    expect(await decode(zipped)).toBe(TokenFault.badHeader);
    const jwe = new TokenCodecs(new ActiveKeyRing(ring), { ...FORMATS, tokenFormat: 'jwe' });
    expect(JSON.parse(tokenParts(await jwe.sign({ a: 1 })).header)).not.toHaveProperty('zip');
  });

  it('3.7 Use UTF-8: other bytes are refused', async () => {
    const latin1 = Buffer.from('{"client_id":"caf\xe9"}', 'latin1').toString('base64url');
    const [header] = forgeToken(HS256, {}).split('.');
    const mac = createHmac('sha256', SECRET).update(`${header}.${latin1}`).digest('base64url');
    expect(await decode(`${header}.${latin1}.${mac}`)).toBe(TokenFault.badPayload);
    expect(await decode(forgeToken(HS256, '\uFEFF{}'))).toBeInstanceOf(TokenFault);
  });

  describe('claims', () => {
    const clock = new FakeClock();
    const serviceOf = (config: Parameters<typeof testConfig>[0]) =>
      new TokenService(
        testConfig(config),
        new ActiveKeyRing(ring),
        new MemoryTokenStore(),
        clock,
        new FastauthEvents(),
      );
    const claims = {
      client_id: 'c',
      type: 'access',
      fam: 'f',
      jti: 'j',
      iat: clock.seconds,
      exp: clock.seconds + 60,
    };
    const reasonOf = async (
      config: Parameters<typeof testConfig>[0],
      change: object,
      header: object = HS256,
    ) =>
      serviceOf(config)
        .verify(forgeToken(header, { ...claims, ...change }))
        .then(
          () => 'accepted',
          (error: Error) => error.message,
        );

    it('3.8 Validate Issuer and Subject: another issuer is refused; the subject is a session of this store', async () => {
      expect(await reasonOf({ issuer: 'https://a.example' }, { iss: 'https://b.example' })).toContain(
        'another issuer',
      );
      // Signature and claims are good; but nobody was issued this token.
      expect(await reasonOf({}, {})).toContain('session was superseded');
    });

    it('3.9 Use and Validate Audience', async () => {
      expect(await reasonOf({ audience: ['us'] }, { aud: 'them' })).toContain('another audience');
      expect(await reasonOf({}, { aud: 'them' })).toContain('another audience');
    });

    it('3.10 Do Not Trust Received Claims: kid is looked up as a name; jku, jwk and x5u are refused', async () => {
      for (const kid of ['../../key', "' OR 1=1", '__proto__', 'k'.repeat(65), 7]) {
        expect(await decode(forgeToken({ ...HS256, kid }, {}))).toBeInstanceOf(TokenFault);
      }
      for (const name of ['jku', 'jwk', 'x5u', 'x5c']) {
        expect(await decode(forgeToken({ ...HS256, [name]: 'http://127.0.0.1/' }, {}))).toBe(
          TokenFault.badHeader,
        );
      }
    });

    it('3.11 Use Explicit Typing: at+jwt for access tokens when the profile is on, and for nothing else', async () => {
      const profile = {
        accessTokenProfile: 'at+jwt',
        issuer: 'https://a.example',
        audience: ['us'],
      } as const;
      expect(await reasonOf(profile, { iss: profile.issuer, aud: 'us', sub: 'c' })).toContain('RFC 9068');
      for (const typ of ['JOSE', 'secevent+jwt', 'dpop+jwt', '']) {
        expect(await decode(forgeToken({ alg: 'HS256', typ }, {}))).toBe(TokenFault.badHeader);
      }
    });

    it('3.12 Use Mutually Exclusive Validation Rules for Different Kinds of JWTs: access, refresh, others', async () => {
      for (const type of ['refresh', 'id', undefined, ['access']]) {
        expect(await reasonOf({}, { type })).toContain('another type');
      }
      const service = serviceOf({});
      const { accessToken, refreshToken } = await service.issue({ clientId: 'c' });
      await expect(service.refresh(accessToken)).rejects.toThrow('Invalid refresh token');
      await expect(service.verify(refreshToken)).rejects.toThrow('another type');
    });
  });

  it('knows for each algorithm what a key of it has to be', () => {
    for (const [name, { kty, leastBits, exactBits, crv }] of Object.entries(ALGORITHMS)) {
      const isStated = kty === 'oct' || kty === 'RSA' ? (leastBits ?? exactBits) : crv;
      expect([name, isStated]).toEqual([name, expect.anything()]);
    }
  });
});

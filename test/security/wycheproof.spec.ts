import { createSecretKey, type JsonWebKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { ConfigError } from '../../src/errors.js';
import { isAlgorithm } from '../../src/keys/algorithms.js';
import { KID } from '../../src/keys/key-id.js';
import { importJwk } from '../../src/keys/import-key.js';
import { KeyRing } from '../../src/keys/key-ring.js';
import { ActiveKeyRing } from '../../src/keys/active-key-ring.js';
import type { EncryptionKey, KeyStatus, RingKey, SignatureKey } from '../../src/keys/ring-key.js';
import { HmacVerifier } from '../../src/keys/hmac.js';
import { isSignatureOf } from '../../src/keys/signature.js';
import { freshKey } from '../support/rings.js';
import { decrypted, JweCodec } from '../../src/tokens/codecs/jwe.codec.js';
import { JwtCodec } from '../../src/tokens/codecs/jwt.codec.js';
import { TokenFault } from '../../src/tokens/token-fault.js';
import { Stopwatch } from '../support/stopwatch.js';

interface Vector {
  readonly tcId: number;
  readonly result: 'valid' | 'invalid' | 'acceptable';
  /** An object where it is in the JSON serialization, which no header or parameter of ours can hold. */
  readonly jws?: string | object;
  readonly jwe?: string;
  /** Of encrypted ones: content encryption, and the content in hexadecimal digits. */
  readonly enc?: string;
  readonly pt?: string;
  readonly key: JsonWebKey;
}

interface Group<Key> {
  readonly public?: Key;
  readonly private?: Key;
  readonly tests: readonly Omit<Vector, 'key'>[];
}

/** A file of C2SP/wycheproof (Apache-2.0; the licence stands beside it). */
function groupsOf<G>(file: string): readonly G[] {
  const text = readFileSync(`test/vectors/wycheproof/${file}.json`, 'utf8');
  return (JSON.parse(text) as { testGroups: readonly G[] }).testGroups;
}

function vectors<Key = JsonWebKey>(file: string): (Omit<Vector, 'key'> & { readonly key: Key })[] {
  return groupsOf<Group<Key>>(file).flatMap((group) =>
    group.tests.map((test) => ({ ...test, key: (group.private ?? group.public) as Key })),
  );
}

const config = { accessTokenProfile: 'default' } as const;
const ids = (list: readonly Pick<Vector, 'tcId'>[]): number[] => list.map(({ tcId }) => tcId);

/** The vector's key where there is such a key here, under a `kid` that it may have. */
function ringKeyOf({ kid, ...material }: JsonWebKey, status: KeyStatus): RingKey | undefined {
  if (!isAlgorithm(material['alg'])) return undefined;
  const named = { ...material, ...(typeof kid === 'string' && KID.test(kid) ? { kid } : {}) };
  try {
    return importJwk(named, { status });
  } catch {
    return undefined;
  }
}

function ringOf(key: JsonWebKey): KeyRing | undefined {
  const { d: _private, ...material } = key;
  const own = ringKeyOf(material, 'verify-only');
  return own && new KeyRing([own, freshKey('EdDSA')]);
}

/** Vectors sign "foo" and the like, which is no claims set: that this is what is refused shows that the signature held. */
function isAccepted(outcome: unknown): boolean {
  return !(outcome instanceof TokenFault) || outcome === TokenFault.badPayload;
}

/** Known about these vectors: marked wrongly, or with a key for another algorithm than the token names. */
const MARKED_INVALID_BUT_WELL_FORMED = [367, 370];
const MARKED_VALID_BUT_MALFORMED = [372, 373];
const OTHER_ALGORITHM_THAN_THE_KEY = [346, 350];
/** Refused on purpose: a payload of no bytes is no claims set, and `@` is no character of a `kid` here. */
const REFUSED_ON_PURPOSE = [259, 272, 345, 349];

describe('Wycheproof, signatures', () => {
  const usable: { vector: Vector; outcome: unknown }[] = [];
  const unsupported: Vector[] = [];
  for (const vector of vectors('json_web_signature_test')) {
    const ring = ringOf(vector.key);
    if (!ring) unsupported.push(vector);
    else
      usable.push({
        vector,
        outcome: new JwtCodec(new ActiveKeyRing(ring), config).decode(vector.jws as string, 0),
      });
  }
  const accepted = usable.filter(({ outcome }) => isAccepted(outcome)).map(({ vector }) => vector);
  const refused = usable.filter(({ outcome }) => !isAccepted(outcome)).map(({ vector }) => vector);

  it(`accepts none of the invalid ones, but for two that are marked wrongly (false accepts: 0)`, () => {
    expect(ids(accepted.filter(({ result }) => result === 'invalid'))).toEqual(
      MARKED_INVALID_BUT_WELL_FORMED,
    );
  });

  it('refuses of the valid ones two that are marked wrongly, two of another algorithm than the key, and four on purpose (false rejects: 0)', () => {
    expect(ids(refused.filter(({ result }) => result === 'valid'))).toEqual(
      [...OTHER_ALGORITHM_THAN_THE_KEY, ...MARKED_VALID_BUT_MALFORMED, ...REFUSED_ON_PURPOSE].sort(
        (a, b) => a - b,
      ),
    );
  });

  it('finds the signatures of those four good', () => {
    for (const { jws, key } of refused.filter(({ tcId }) => REFUSED_ON_PURPOSE.includes(tcId))) {
      const token = jws as string;
      const { algorithm, acceptingKey } = ringKeyOf(key, 'verify-only') as SignatureKey;
      const signature = Buffer.from(token.slice(token.lastIndexOf('.') + 1), 'base64url');
      expect(isSignatureOf(algorithm, token.slice(0, token.lastIndexOf('.')), acceptingKey, signature)).toBe(
        true,
      );
    }
  });

  it('has run every vector of an algorithm that there is here', () => {
    expect({ usable: usable.length, accepted: accepted.length, unsupported: unsupported.length }).toEqual({
      usable: 362,
      accepted: 22,
      unsupported: 39,
    });
  });
});

describe('Wycheproof, encryption', () => {
  const all = vectors('json_web_encryption_test');
  const signingKey = freshKey('EdDSA');

  it('accepts none: what is encrypted here is a signed JWT, and says so', async () => {
    const accepted: Vector[] = [];
    for (const vector of all) {
      const own = ringKeyOf(vector.key, 'verify-only');
      const keys = new ActiveKeyRing(new KeyRing([signingKey, ...(own?.use === 'enc' ? [own] : [])]));
      const before = new Stopwatch();
      const outcome = await new JweCodec(keys, new JwtCodec(keys, config)).decode(vector.jwe as string, 0);
      expect(before.ms).toBeLessThan(1000);
      if (!(outcome instanceof TokenFault)) accepted.push(vector);
    }
    expect(all).toHaveLength(139);
    expect(ids(accepted)).toEqual([]);
  });

  it('decrypts all valid ones of an algorithm and a content encryption that there are here, and no invalid one', async () => {
    const opened: Vector[] = [];
    for (const vector of all) {
      const own = ringKeyOf(vector.key, 'verify-only');
      if (own?.use !== 'enc') continue;
      const text = await decrypted(vector.jwe as string, own as EncryptionKey);
      if (text === undefined) continue;
      expect(Buffer.from(text, 'latin1').toString('hex')).toBe(vector.pt);
      opened.push(vector);
    }
    expect(opened.filter(({ result }) => result === 'invalid')).toEqual([]);
    const ours = all.filter(({ key, enc, result }) => {
      return isAlgorithm(key['alg']) && enc === 'A256GCM' && result === 'valid';
    });
    expect(ids(opened)).toEqual(ids(ours));
    expect(opened.map(({ key }) => key['alg']).sort()).toEqual(['ECDH-ES', 'RSA-OAEP-256']);
  });
});

interface KeySet {
  readonly keys: readonly JsonWebKey[];
}

/** Whether a token verifies with a key or the keys of a set, as a ring; keys that are refused make no ring. */
function isAcceptedBy(key: JsonWebKey | KeySet, token: string | object | undefined): boolean {
  if (typeof token !== 'string') return false;
  const list = 'keys' in key ? (key as KeySet).keys : [key as JsonWebKey];
  let ring: KeyRing;
  try {
    const keys = list.map(({ d: _private, ...jwk }) => importJwk(jwk, { status: 'verify-only' }));
    ring = new KeyRing([...keys, freshKey('EdDSA', { acceptsMissingKid: false })]);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return false;
  }
  return isAccepted(new JwtCodec(new ActiveKeyRing(ring), config).decode(token, 0));
}

/**
 * Accepted on purpose: a set of keys of both kinds, since each key has its one algorithm here and no header chooses
 * another; a short HS256 secret, as the Python original has them, which is a warning at start.
 */
const KEYS_ACCEPTED_ON_PURPOSE = { json_web_key_test: [1, 10], json_web_crypto_test: [47] } as const;

describe.each([
  ['json_web_key_test', { run: 26, accepted: 7 }],
  ['json_web_crypto_test', { run: 49, accepted: 5 }],
] as const)('Wycheproof, %s', (file, counts) => {
  const all = vectors<JsonWebKey | KeySet>(file).filter(({ jws }) => jws !== undefined);
  const accepted = all.filter(({ key, jws }) => isAcceptedBy(key, jws));

  it('accepts every valid vector and no invalid one, but for those accepted on purpose', () => {
    const valid = ids(all.filter(({ result }) => result === 'valid'));
    expect(ids(accepted)).toEqual([...valid, ...KEYS_ACCEPTED_ON_PURPOSE[file]].sort((a, b) => a - b));
    expect({ run: all.length, accepted: accepted.length }).toEqual(counts);
  });
});

describe('Wycheproof, HMAC-SHA-256', () => {
  const groups = groupsOf<{
    readonly tagSize: number;
    readonly tests: readonly { tcId: number; key: string; msg: string; tag: string; result: string }[];
  }>('hmac_sha256_test');

  it.each([
    [256, { run: 87, valid: 33 }],
    [128, { run: 87, valid: 33 }],
  ])('with tags of %i bits: those of 256 bits as they are marked, shorter ones never', (size, counts) => {
    const tests = groups.filter(({ tagSize }) => tagSize === size).flatMap((group) => group.tests);
    const valid = tests.filter(({ result }) => result === 'valid');
    expect({ run: tests.length, valid: valid.length }).toEqual(counts);
    const accepted = tests.filter(({ key, msg, tag }) => {
      const bytes = [key, msg, tag].map((text) => Buffer.from(text, 'hex')) as [Buffer, Buffer, Buffer];
      return new HmacVerifier('HS256', createSecretKey(bytes[0])).isOf(bytes[1].toString('latin1'), bytes[2]);
    });
    expect(ids(accepted)).toEqual(size === 256 ? ids(valid) : []);
  });
});

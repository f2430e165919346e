import { readFileSync } from 'node:fs';
import type { JsonWebKey } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { isAlgorithm } from '../../src/keys/algorithms.js';
import { KID } from '../../src/keys/key-id.js';
import { importJwk } from '../../src/keys/import-key.js';
import { KeyRing } from '../../src/keys/key-ring.js';
import { KeyRingHolder } from '../../src/keys/key-ring-holder.js';
import type { KeyStatus, RingKey, SignatureKey } from '../../src/keys/ring-key.js';
import { isSignatureOf } from '../../src/keys/signature.js';
import { freshKey } from '../support/rings.js';
import { JweCodec } from '../../src/tokens/jwe.codec.js';
import { JwtCodec } from '../../src/tokens/jwt.codec.js';
import { TokenFault } from '../../src/tokens/token-fault.js';

interface Vector {
  readonly tcId: number;
  readonly result: 'valid' | 'invalid' | 'acceptable';
  readonly jws?: string;
  readonly jwe?: string;
  readonly key: JsonWebKey;
}

interface Group {
  readonly public?: JsonWebKey;
  readonly private?: JsonWebKey;
  readonly tests: readonly Omit<Vector, 'key'>[];
}

/** Test vectors of C2SP/wycheproof (Apache-2.0; the licence stands beside them). */
function vectors(file: string): Vector[] {
  const text = readFileSync(`test/vectors/wycheproof/${file}.json`, 'utf8');
  const { testGroups } = JSON.parse(text) as { testGroups: readonly Group[] };
  return testGroups.flatMap((group) =>
    group.tests.map((test) => ({ ...test, key: (group.private ?? group.public) as JsonWebKey })),
  );
}

const config = { accessTokenProfile: 'default' } as const;
const ids = (list: readonly Vector[]): number[] => list.map(({ tcId }) => tcId);

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
        outcome: new JwtCodec(new KeyRingHolder(ring), config).decode(vector.jws as string, 0),
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
    for (const { jws = '', key } of refused.filter(({ tcId }) => REFUSED_ON_PURPOSE.includes(tcId))) {
      const { algorithm, acceptingKey } = ringKeyOf(key, 'verify-only') as SignatureKey;
      const signature = Buffer.from(jws.slice(jws.lastIndexOf('.') + 1), 'base64url');
      expect(isSignatureOf(algorithm, jws.slice(0, jws.lastIndexOf('.')), acceptingKey, signature)).toBe(
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
      const keys = new KeyRingHolder(new KeyRing([signingKey, ...(own?.use === 'enc' ? [own] : [])]));
      const before = performance.now();
      const outcome = await new JweCodec(keys, new JwtCodec(keys, config)).decode(vector.jwe as string, 0);
      expect(performance.now() - before).toBeLessThan(1000);
      if (!(outcome instanceof TokenFault)) accepted.push(vector);
    }
    expect(all).toHaveLength(139);
    expect(ids(accepted)).toEqual([]);
  });
});

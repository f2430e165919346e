import { createSecretKey, generateKeyPair, randomBytes, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { ALGORITHMS, type AlgorithmName } from './algorithms.js';
import type { JsonWebKeyMembers } from './json-web-key.js';
import { keyIdOf } from './key-id.js';

/** Bits of secrets where the algorithm asks for no more. */
const SECRET_BITS = 256;

const makePair = promisify(generateKeyPair) as (
  type: string,
  options: object,
) => Promise<{ publicKey: KeyObject; privateKey: KeyObject }>;

type NamedJwk = JsonWebKeyMembers & { readonly kid: string };

/** Makes a key for an algorithm: a JWK (RFC 7517) with `alg`, `use` and `kid`, private parts included. */
export async function generateJwk(algorithm: AlgorithmName): Promise<NamedJwk> {
  for (;;) {
    const jwk = await anyJwk(algorithm);
    // One that begins with a dash would be taken for an option on a command line.
    if (!jwk.kid.startsWith('-')) return jwk;
  }
}

async function anyJwk(algorithm: AlgorithmName): Promise<NamedJwk> {
  const { use, keyType, namedCurve, leastBits = SECRET_BITS, exactBits } = ALGORITHMS[algorithm];
  if (keyType === undefined) {
    const secret = createSecretKey(randomBytes((exactBits ?? Math.max(leastBits, SECRET_BITS)) / 8));
    return { ...secret.export({ format: 'jwk' }), alg: algorithm, use, kid: keyIdOf(secret) };
  }
  const { publicKey, privateKey } = await makePair(keyType, { namedCurve, modulusLength: leastBits });
  return { ...privateKey.export({ format: 'jwk' }), alg: algorithm, use, kid: keyIdOf(publicKey) };
}

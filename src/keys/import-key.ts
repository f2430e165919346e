import {
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  sign,
  verify,
  type KeyObject,
} from 'node:crypto';
import { ConfigError } from '../errors.js';
import { ALGORITHM_NAMES, ALGORITHMS, isAlgorithm, type AlgorithmName } from './algorithms.js';
import type { JsonWebKey } from './json-web-key.js';
import { KID, keyIdOf } from './key-id.js';
import type { KeyStatus, RingKey } from './ring-key.js';
import { rsaWeakness } from './rsa-weakness.js';
import { secretFault } from './secret-text.js';

const HOW_TO_MAKE_ONE = 'make one with "npx fastauth keys generate --print"';
const howToRotate = (algorithm: AlgorithmName): string =>
  `make another one with "npx fastauth keys rotate --algorithm ${algorithm}"`;

/** What a key is in a ring, besides its material. */
export interface KeyRole {
  /** Default: the JWK's own `kid`, else the RFC 7638 thumbprint; of a secret, 16 bytes that HKDF derives from it. */
  readonly kid?: string | undefined;
  /** Default: the JWK's own `alg`; `HS256` for a text secret. */
  readonly algorithm?: AlgorithmName | undefined;
  /** Default: `signing`. */
  readonly status?: KeyStatus | undefined;
  /** Epoch seconds. Default: no end. */
  readonly verifyUntil?: number | undefined;
  /** Default: true, since every key that was alone in its ring has made tokens that name none. */
  readonly acceptsMissingKid?: boolean | undefined;
}

/**
 * A key of a text, as the Python original has it.
 * @param secret its UTF-8 bytes are the secret; it is not decoded from base64
 * @throws ConfigError it is too short for the algorithm, or the text of a key pair
 */
export function importSecret(secret: string, role: KeyRole = {}): RingKey {
  const bytes = Buffer.from(secret, 'utf8');
  return symmetricKey(bytes, role.algorithm ?? 'HS256', role);
}

/**
 * A key of a JWK (RFC 7517): secret, private or public. It must say its `alg`, unless the role does.
 * @throws ConfigError naming what is wrong with it and what to do
 */
export function importJwk(jwk: JsonWebKey, role: KeyRole = {}): RingKey {
  const { kid, alg, use, kty } = jwk;
  const named = { ...role, kid: role.kid ?? (typeof kid === 'string' ? kid : undefined) };
  const algorithm = role.algorithm ?? alg;
  if (!isAlgorithm(algorithm)) {
    throw unusable(named, `says no "alg" that is known here; add one of ${ALGORITHM_NAMES.join(', ')}`);
  }
  if (alg !== undefined && alg !== algorithm) {
    throw unusable(
      named,
      `is meant for "alg" ${JSON.stringify(alg)}, not for ${algorithm}; use one key for one algorithm`,
    );
  }
  const definition = ALGORITHMS[algorithm];
  if (use !== undefined && use !== definition.use) {
    throw unusable(named, `has "use" ${JSON.stringify(use)}, but ${algorithm} needs "${definition.use}"`);
  }
  if (kty !== definition.kty)
    throw unusable(named, `has "kty" ${JSON.stringify(kty)}, but ${algorithm} needs "${definition.kty}"`);
  if (kty === 'oct') {
    const secret = typeof jwk.k === 'string' ? jwk.k : '';
    const bytes = Buffer.from(secret, 'base64url');
    if (bytes.toString('base64url') !== secret)
      throw unusable(named, 'has a "k" that is not base64url without padding; encode its bytes again');
    return symmetricKey(bytes, algorithm, named);
  }
  return asymmetricKey({ key: jwk, format: 'jwk' }, jwk.d !== undefined, algorithm, named);
}

/**
 * A key of a PEM text: PKCS #8, PKCS #1 or SEC 1 for a private key, SPKI for a public one.
 * @param role must say the algorithm
 * @throws ConfigError naming what is wrong with it and what to do
 */
export function importPem(pem: string, role: KeyRole & { readonly algorithm: AlgorithmName }): RingKey {
  if (ALGORITHMS[role.algorithm].kty === 'oct') {
    throw unusable(
      role,
      `is a PEM key, but ${role.algorithm} needs a secret; choose RS256, PS256, ES256 or EdDSA, or ${HOW_TO_MAKE_ONE}`,
    );
  }
  // Environment files hold no line ends: there they are often written as "\n".
  const key = pem.replaceAll(/(?:\\r)?\\n/g, '\n');
  return asymmetricKey({ key, format: 'pem' }, /PRIVATE KEY-----/.test(key), role.algorithm, role);
}

function symmetricKey(bytes: Buffer, algorithm: AlgorithmName, role: KeyRole): RingKey {
  const { kty, leastBits = 8, exactBits } = ALGORITHMS[algorithm];
  const bits = bytes.length * 8;
  if (kty !== 'oct') throw unusable(role, `is a secret, but ${algorithm} needs a key pair of type ${kty}`);
  const fault = secretFault(bytes);
  if (fault !== undefined) throw unusable(role, fault);
  if (exactBits !== undefined && bits !== exactBits) {
    throw unusable(
      role,
      `has ${bits} bits, but ${algorithm} with A256GCM needs exactly ${exactBits}; ${howToRotate(algorithm)}`,
    );
  }
  if (bits < leastBits) {
    throw unusable(
      role,
      `has ${bits} bits, but ${algorithm} needs at least ${leastBits} (RFC 7518 section 3.2); take a longer one, or HS256`,
    );
  }
  const key = createSecretKey(bytes);
  return ringKey(algorithm, role, { issuingKey: key, acceptingKey: key, thumbprint: keyIdOf(key) });
}

function asymmetricKey(
  material: { key: JsonWebKey; format: 'jwk' } | { key: string; format: 'pem' },
  isPrivate: boolean,
  algorithm: AlgorithmName,
  role: KeyRole,
): RingKey {
  const { use } = ALGORITHMS[algorithm];
  let privateKey: KeyObject | undefined;
  let publicKey: KeyObject;
  try {
    // The types of @types/node know one form each.
    privateKey = isPrivate ? createPrivateKey(material as never) : undefined;
    // A JWK's own public part, not one worked out from its private part: others will verify with it.
    publicKey = createPublicKey(
      material.format === 'jwk' ? { key: publicJwk(material.key), format: 'jwk' } : (privateKey ?? material),
    );
  } catch {
    throw unusable(
      role,
      `is no key that can be read; give a private or public key as a JWK or as unencrypted PEM`,
    );
  }
  assertFits(publicKey, algorithm, role);
  if (privateKey) assertPair(privateKey, publicKey, role);
  const thumbprint = keyIdOf(publicKey);
  if (use === 'enc') {
    if (!privateKey)
      throw unusable(
        role,
        'is a public key, but encrypted tokens can only be read with the private one; give that one',
      );
    return ringKey(algorithm, role, { issuingKey: publicKey, acceptingKey: privateKey, thumbprint });
  }
  return ringKey(algorithm, role, { issuingKey: privateKey, acceptingKey: publicKey, thumbprint });
}

function assertFits(key: KeyObject, algorithm: AlgorithmName, role: KeyRole): void {
  const { keyType, namedCurve, crv, kty, leastBits = 0 } = ALGORITHMS[algorithm];
  const details = key.asymmetricKeyDetails;
  if (key.asymmetricKeyType !== keyType || details?.namedCurve !== namedCurve) {
    throw unusable(
      role,
      `is of another type or curve than ${algorithm} needs: ${[kty, crv].filter(Boolean).join(' ')}; ${howToRotate(algorithm)}`,
    );
  }
  if ((details?.modulusLength ?? Infinity) < leastBits) {
    throw unusable(
      role,
      `has ${details?.modulusLength} bits, but RSA keys need at least ${leastBits} (RFC 7518 section 3.3); ${howToRotate(algorithm)}`,
    );
  }
  const weakness = ALGORITHMS[algorithm].kty === 'RSA' ? rsaWeakness(key) : undefined;
  if (weakness !== undefined) {
    throw unusable(role, `${weakness}; ${howToRotate(algorithm)}`);
  }
}

function publicJwk({ kty, crv, x, y, n, e }: JsonWebKey): Record<string, string> {
  const members = Object.entries({ kty, crv, x, y, n, e });
  return Object.fromEntries(members.filter((member): member is [string, string] => member[1] !== undefined));
}

/** A JWK may state a public part that is not its private part's. */
function assertPair(privateKey: KeyObject, publicKey: KeyObject, role: KeyRole): void {
  const hash = publicKey.asymmetricKeyType === 'ed25519' ? null : 'sha256';
  const data = Buffer.from('fastauth');
  if (!verify(hash, data, publicKey, sign(hash, data, privateKey))) {
    throw unusable(
      role,
      'has a public part that does not belong to its private part; export both again from where it was made',
    );
  }
}

function ringKey(
  algorithm: AlgorithmName,
  role: KeyRole,
  material: Pick<RingKey, 'issuingKey' | 'acceptingKey' | 'thumbprint'>,
): RingKey {
  const { kid = material.thumbprint, status = 'signing', verifyUntil, acceptsMissingKid = true } = role;
  if (!KID.test(kid)) throw unusable({}, 'has a "kid" that is not 1 to 64 characters of A-Z a-z 0-9 . _ -');
  if (status === 'signing' && !material.issuingKey) {
    throw unusable(
      role,
      'shall sign, but is a public key only; give the private key, or make it "verify-only"',
    );
  }
  return Object.freeze({
    kid,
    algorithm,
    use: ALGORITHMS[algorithm].use,
    status,
    verifyUntil,
    acceptsMissingKid,
    ...material,
  });
}

function unusable({ kid }: KeyRole, fault: string): ConfigError {
  return new ConfigError([
    `${kid === undefined || !KID.test(kid) ? 'a key of the key ring' : `the key ${JSON.stringify(kid)}`} ${fault}`,
  ]);
}

import type { JWK } from 'jose';
import { ConfigError } from '../errors.js';
import { importJwk } from '../keys/import-key.js';
import type { JsonWebKey } from '../keys/json-web-key.js';

/** Algorithms of assertions: asymmetric ones alone (RFC 8725 section 3.1). */
export const ASSERTION_ALGORITHMS = ['RS256', 'PS256', 'ES256', 'EdDSA'] as const;

/** Members of a JWK that are private, or a secret. */
const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'];

/** Why a JWK cannot be a client's public key, as the end of a sentence about it. */
export function clientKeyFault(key: JWK): string | undefined {
  if (PRIVATE_MEMBERS.some((member) => Object.hasOwn(key, member))) {
    return 'is private: take "d" and the like out, and make a new key, since this one has been shown';
  }
  if (key.use !== undefined && key.use !== 'sig') return 'is not for signatures ("use")';
  const algorithm = algorithmOf(key);
  if (algorithm === undefined) return `is for none of ${ASSERTION_ALGORITHMS.join(', ')}`;
  try {
    importJwk({ ...key, alg: algorithm } as JsonWebKey, { status: 'verify-only' });
    return undefined;
  } catch (error) {
    return `cannot be used: ${error instanceof ConfigError ? error.faults.join('; ') : 'it is no key'}`;
  }
}

/** The algorithm that a public key is for. Default by its type: RS256, ES256, EdDSA. */
export function algorithmOf({ alg, kty, crv }: JWK): string | undefined {
  const algorithm =
    alg ?? (kty === 'RSA' ? 'RS256' : crv === 'P-256' ? 'ES256' : crv === 'Ed25519' ? 'EdDSA' : '');
  return (ASSERTION_ALGORITHMS as readonly string[]).includes(algorithm) ? algorithm : undefined;
}

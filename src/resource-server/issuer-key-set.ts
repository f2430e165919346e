import { createPublicKey } from 'node:crypto';
import { isObject } from '../config/setting-entries.js';
import type { JsonObject } from '../json.js';
import { rsaWeakness } from '../keys/rsa-weakness.js';
import { TokenFault } from '../tokens/token-fault.js';

/** Signature algorithms of key pairs. Secrets are no keys of issuers: whoever verifies with one could sign, too. */
const ALGORITHMS = 'RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 EdDSA Ed25519'.split(' ');
const LEAST_RSA_BITS = 2048;
/** More keys than any issuer has. */
const MOST_KEYS = 100;
const PUBLIC_MEMBERS = ['kty', 'kid', 'alg', 'use', 'key_ops', 'crv', 'x', 'y', 'n', 'e'];

type Jose = typeof import('jose');

/** The public keys of an issuer that can verify its tokens. */
export class IssuerKeySet {
  readonly #jose: Jose;
  readonly #keys: readonly JsonObject[];
  readonly #find: ReturnType<Jose['createLocalJWKSet']>;
  readonly #kids: ReadonlySet<unknown>;

  private constructor(jose: Jose, keys: readonly JsonObject[]) {
    this.#jose = jose;
    this.#keys = keys;
    this.#find = jose.createLocalJWKSet({ keys: keys as never });
    this.#kids = new Set(keys.map(({ kid }) => kid));
  }

  /** @returns undefined where the document is not a JWK Set; keys that cannot be used are left out (RFC 7517 section 5) */
  static async of({ keys }: JsonObject): Promise<IssuerKeySet | undefined> {
    if (!Array.isArray(keys) || keys.length > MOST_KEYS) return undefined;
    const jose = await import('jose');
    return new IssuerKeySet(jose, (keys as unknown[]).flatMap(usableKey));
  }

  get size(): number {
    return this.#keys.length;
  }

  /** Whether this one has the same keys. */
  equals(other: IssuerKeySet): boolean {
    return JSON.stringify(this.#keys) === JSON.stringify(other.#keys);
  }

  /** Whether there is a key of this name. */
  has(kid: string): boolean {
    return this.#kids.has(kid);
  }

  /** @returns the payload's bytes, if the signature holds */
  async verify(token: string): Promise<Buffer | TokenFault> {
    const { compactVerify, errors } = this.#jose;
    const options = { algorithms: ALGORITHMS };
    try {
      return Buffer.from((await compactVerify(token, this.#find, options)).payload);
    } catch (error) {
      if (!(error instanceof errors.JWKSMultipleMatchingKeys)) return this.#faultOf(error);
      // A token without a `kid`, or several keys of one name: any of them may be its key.
      for await (const key of error) {
        try {
          return Buffer.from((await compactVerify(token, key, options)).payload);
        } catch {
          // Perhaps the next one.
        }
      }
      return TokenFault.badSignature;
    }
  }

  #faultOf(error: unknown): TokenFault {
    const { errors } = this.#jose;
    if (error instanceof errors.JWKSNoMatchingKey) return TokenFault.unknownKey;
    if (error instanceof errors.JOSEAlgNotAllowed) return TokenFault.badAlgorithm;
    if (error instanceof errors.JWSInvalid) return TokenFault.malformed;
    return TokenFault.badSignature;
  }
}

/** Its public members, where it is a public key for signatures that is strong enough. */
function usableKey(key: unknown): JsonObject[] {
  if (!isObject(key) || key['d'] !== undefined) return [];
  const { kty, use = 'sig', kid } = key;
  if (!['RSA', 'EC', 'OKP'].includes(kty as string) || use !== 'sig') return [];
  if (kid !== undefined && typeof kid !== 'string') return [];
  try {
    const publicKey = createPublicKey({ key: key as never, format: 'jwk' });
    if (kty === 'RSA') {
      const bits = publicKey.asymmetricKeyDetails?.modulusLength ?? 0;
      if (bits < LEAST_RSA_BITS || rsaWeakness(publicKey) !== undefined) return [];
    }
  } catch {
    return [];
  }
  return [Object.fromEntries(PUBLIC_MEMBERS.flatMap((name) => (name in key ? [[name, key[name]]] : [])))];
}

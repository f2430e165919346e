import { constants } from 'node:crypto';

/** What a key is for: `sig` signs and verifies, `enc` encrypts and decrypts. @see RFC 7517 section 4.2 */
export type KeyUse = 'sig' | 'enc';

/** What an algorithm needs. `hash`, `padding` and `dsaEncoding` are for node:crypto. */
export interface AlgorithmDefinition {
  readonly use: KeyUse;
  /** Of JWKs. @see RFC 7518 section 6.1 */
  readonly kty: 'oct' | 'RSA' | 'EC' | 'OKP';
  readonly crv?: string;
  /** `asymmetricKeyType` and `namedCurve` of such a key. */
  readonly keyType?: 'rsa' | 'ec' | 'ed25519';
  readonly namedCurve?: string;
  /** Bits that a secret or modulus has at least. */
  readonly leastBits?: number;
  /** Bits that a secret has exactly. */
  readonly exactBits?: number;
  readonly hash?: 'sha256' | 'sha384' | 'sha512';
  readonly padding?: number;
  readonly saltLength?: number;
  readonly dsaEncoding?: 'ieee-p1363';
  /** Bytes of a signature, where they are the same for every key. */
  readonly signatureBytes?: number;
}

/** Signature algorithms. @see RFC 7518 section 3.1, RFC 8037 section 3.1 */
const SIGNATURES = {
  // RFC 7518 section 3.2 asks for 256 bits here, too; the original's keys may be shorter, which is a warning elsewhere.
  HS256: { use: 'sig', kty: 'oct', hash: 'sha256', leastBits: 8 },
  HS384: { use: 'sig', kty: 'oct', hash: 'sha384', leastBits: 384 },
  HS512: { use: 'sig', kty: 'oct', hash: 'sha512', leastBits: 512 },
  RS256: {
    use: 'sig',
    kty: 'RSA',
    keyType: 'rsa',
    leastBits: 2048,
    hash: 'sha256',
    padding: constants.RSA_PKCS1_PADDING,
  },
  PS256: {
    use: 'sig',
    kty: 'RSA',
    keyType: 'rsa',
    leastBits: 2048,
    hash: 'sha256',
    padding: constants.RSA_PKCS1_PSS_PADDING,
    saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
  },
  ES256: {
    use: 'sig',
    kty: 'EC',
    crv: 'P-256',
    keyType: 'ec',
    namedCurve: 'prime256v1',
    hash: 'sha256',
    dsaEncoding: 'ieee-p1363',
    signatureBytes: 64,
  },
  EdDSA: { use: 'sig', kty: 'OKP', crv: 'Ed25519', keyType: 'ed25519', signatureBytes: 64 },
} as const satisfies Record<string, AlgorithmDefinition>;

/** Key management for encrypted tokens; content is always encrypted with A256GCM. @see RFC 7518 section 4.1 */
const ENCRYPTIONS = {
  dir: { use: 'enc', kty: 'oct', exactBits: 256 },
  'RSA-OAEP-256': { use: 'enc', kty: 'RSA', keyType: 'rsa', leastBits: 2048 },
  'ECDH-ES': { use: 'enc', kty: 'EC', crv: 'P-256', keyType: 'ec', namedCurve: 'prime256v1' },
} as const satisfies Record<string, AlgorithmDefinition>;

export type SignatureAlgorithm = keyof typeof SIGNATURES;
export type EncryptionAlgorithm = keyof typeof ENCRYPTIONS;
export type AlgorithmName = SignatureAlgorithm | EncryptionAlgorithm;
/** Algorithms whose key is a text that both sides know. */
export type HmacAlgorithm = Extract<SignatureAlgorithm, `HS${string}`>;

/** Every algorithm there is here. Nothing else lists them. */
export const ALGORITHMS: Readonly<Record<AlgorithmName, AlgorithmDefinition>> = Object.freeze({
  ...SIGNATURES,
  ...ENCRYPTIONS,
});

export const ALGORITHM_NAMES = Object.keys(ALGORITHMS) as readonly AlgorithmName[];

export const HMAC_ALGORITHMS = (Object.keys(SIGNATURES) as SignatureAlgorithm[]).filter(isHmac);

export function isAlgorithm(name: unknown): name is AlgorithmName {
  return typeof name === 'string' && Object.hasOwn(ALGORITHMS, name);
}

export function isHmac(name: AlgorithmName): name is HmacAlgorithm {
  const { use, kty } = ALGORITHMS[name];
  return use === 'sig' && kty === 'oct';
}

import { ConfigError } from '../../errors.js';
import type { JsonObject } from '../../json.js';
import { ALGORITHMS } from '../../keys/algorithms.js';
import { KID } from '../../keys/key-id.js';
import type { KeyRing } from '../../keys/key-ring.js';
import type { ActiveKeyRing } from '../../keys/active-key-ring.js';
import { isAccepted, type EncryptionKey } from '../../keys/ring-key.js';
import { TokenFault } from '../token-fault.js';
import { decodeCanonical } from './canonical-base64url.js';
import { readJoseHeader } from './jose-header.js';
import { MAX_TOKEN_LENGTH, type JwtCodec } from './jwt.codec.js';
import type { DecodedToken, TokenCodec } from './token-codec.js';

/** The only content encryption. @see RFC 7518 section 5.3 */
const ENC = 'A256GCM';
const IV_BYTES = 12;
const TAG_BYTES = 16;
const HEADER_NAMES: ReadonlySet<string> = new Set(['alg', 'enc', 'typ', 'cty', 'kid']);
const COORDINATE = /^[A-Za-z0-9_-]{43}$/;

/**
 * Encrypted JWTs (RFC 7516, RFC 7519): a signed JWT inside of a JWE, always. Encryption to a public key alone says
 * nothing about who wrote a token, so the signature stays (RFC 7519 section 11.2). Headers are held to what this
 * codec writes: `zip`, `crit`, `apu` or PBES2 are refused before any key is used.
 */
export class JweCodec implements TokenCodec {
  readonly carriesClaims = true;

  constructor(
    private readonly keys: ActiveKeyRing,
    private readonly signed: JwtCodec,
  ) {}

  get ring(): KeyRing {
    return this.keys.current;
  }

  kidOf(ring: KeyRing): string {
    return this.signed.kidOf(ring);
  }

  async sign(payload: JsonObject, ring = this.ring): Promise<string> {
    const key = ring.encryptionKey;
    if (!key) throw new ConfigError([NO_ENCRYPTION_KEY]);
    const { CompactEncrypt } = await jose();
    return new CompactEncrypt(Buffer.from(await this.signed.sign(payload, ring)))
      .setProtectedHeader({
        alg: key.algorithm,
        enc: ENC,
        typ: 'JWT',
        cty: 'JWT',
        ...(ring.writesEncryptionKid ? { kid: key.kid } : {}),
      })
      .encrypt(key.issuingKey);
  }

  decode(token: string, now: number): Promise<DecodedToken | TokenFault> | TokenFault {
    if (token.length > MAX_TOKEN_LENGTH) return TokenFault.tooLong;
    const parts = token.split('.', 6);
    if (parts.length !== 5) return TokenFault.malformed;
    const [headerPart, keyPart, ivPart, contentPart, tagPart] = parts as [
      string,
      string,
      string,
      string,
      string,
    ];
    const header = readJoseHeader(headerPart);
    if (header instanceof TokenFault) return header;
    if (!isUsable(header)) return TokenFault.badHeader;
    if (
      (keyPart !== '' && !decodeCanonical(keyPart)) ||
      decodeCanonical(ivPart)?.length !== IV_BYTES ||
      !decodeCanonical(contentPart) ||
      decodeCanonical(tagPart)?.length !== TAG_BYTES
    ) {
      return TokenFault.malformed;
    }
    const candidates = this.keys.current
      .decryptionCandidates(header['kid'] as string | undefined)
      .filter((key) => isAccepted(key, now));
    if (candidates.length === 0) return TokenFault.unknownKey;
    const usable = candidates.filter(({ algorithm }) => algorithm === header['alg']);
    if (usable.length === 0 || header['enc'] !== ENC) return TokenFault.badAlgorithm;
    return this.opened(token, usable, now);
  }

  private async opened(
    token: string,
    keys: readonly EncryptionKey[],
    now: number,
  ): Promise<DecodedToken | TokenFault> {
    for (const key of keys) {
      const text = await decrypted(token, key);
      if (text === undefined) continue;
      const decoded = this.signed.decode(text, now);
      return decoded instanceof TokenFault
        ? decoded
        : { ...decoded, keyEndsAt: Math.min(decoded.keyEndsAt, key.verifyUntil ?? Infinity) };
    }
    return TokenFault.badSignature;
  }
}

/** What startup and {@link JweCodec.sign} say when nothing can encrypt. */
export const NO_ENCRYPTION_KEY =
  'token-format "jwe" needs an encryption key in the key ring: a JWK with "use": "enc" (ECDH-ES, RSA-OAEP-256 or dir), ' +
  'or a cryptography-key, from which one is derived';

/** Loaded when it is needed, so that apps with other formats do not wait for it when they start. */
const jose = () => import('jose');

/** The content of a JWE in compact form, whatever it is; undefined: it is not of this key. */
export async function decrypted(token: string, key: EncryptionKey): Promise<string | undefined> {
  const { compactDecrypt } = await jose();
  try {
    const { plaintext } = await compactDecrypt(token, key.acceptingKey, {
      keyManagementAlgorithms: [key.algorithm],
      contentEncryptionAlgorithms: [ENC],
    });
    return Buffer.from(plaintext).toString('latin1');
  } catch {
    return undefined;
  }
}

function isUsable(header: JsonObject): boolean {
  const { typ, cty, kid, epk } = header;
  const needsEphemeralKey = header['alg'] === 'ECDH-ES';
  return (
    Object.keys(header).every((name) => HEADER_NAMES.has(name) || (name === 'epk' && needsEphemeralKey)) &&
    (typ === undefined || isJwt(typ)) &&
    isJwt(cty) &&
    (kid === undefined || (typeof kid === 'string' && KID.test(kid))) &&
    (!needsEphemeralKey || isEphemeralKey(epk))
  );
}

function isJwt(value: unknown): boolean {
  return typeof value === 'string' && value.toUpperCase() === 'JWT';
}

/** @see RFC 7518 section 4.6.1.1; whether the point is on the curve is jose's business. */
function isEphemeralKey(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { kty, crv, x, y, ...others } = value as JsonObject;
  const expected = ALGORITHMS['ECDH-ES'];
  return (
    kty === expected.kty &&
    crv === expected.crv &&
    typeof x === 'string' &&
    COORDINATE.test(x) &&
    typeof y === 'string' &&
    COORDINATE.test(y) &&
    Object.keys(others).length === 0
  );
}

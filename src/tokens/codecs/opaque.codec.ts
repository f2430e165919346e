import { createCipheriv, createDecipheriv, hash, randomBytes, type KeyObject } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { ConfigError } from '../../errors.js';
import type { JsonObject } from '../../json.js';
import { derivedSecret } from '../../keys/derived-key.js';
import type { KeyRing } from '../../keys/key-ring.js';
import type { ActiveKeyRing } from '../../keys/active-key-ring.js';
import { isAccepted, type RingKey } from '../../keys/ring-key.js';
import { DEFAULTED, type TokenType } from '../token-claims.js';
import { TokenFault } from '../token-fault.js';
import { decodeCanonical } from './canonical-base64url.js';
import { MAX_TOKEN_LENGTH } from './jwt.codec.js';
import type { DecodedToken, TokenCodec } from './token-codec.js';

/** How a token starts says what it is, to people and to scanners for leaked secrets. */
const PREFIXES: Readonly<Record<TokenType, string>> = { access: 'fa_at_', refresh: 'fa_rt_' };
export const OPAQUE_PREFIX = 'fa_';
const PREFIX_LENGTH = 6;
/** CRC-32 as base64url: tells a token from random text without any key. */
const CHECKSUM_LENGTH = 6;
const HINT_BYTES = 4;
/** Characters that say which key a token is of: the prefix, and what is of the hint alone. */
export const OPAQUE_MARK_LENGTH = PREFIX_LENGTH + 5;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** What is sealed, in this order; everything else is in the session's record. */
const SEALED_CLAIMS = ['client_id', 'fam', 'jti', 'iat', 'exp', 'gen', DEFAULTED] as const;

/**
 * Opaque reference tokens: prefix, sealed reference, checksum. The reference says which session's record to read, and
 * is encrypted (AES-256-GCM under a key derived from a secret of the ring), so that a token shows nothing, and
 * a forged one is refused before any store is asked. The application's own claims are kept in the record.
 */
export class OpaqueCodec implements TokenCodec {
  readonly carriesClaims = false;
  private readonly seals = new WeakMap<RingKey, Seal>();

  constructor(private readonly keys: ActiveKeyRing) {}

  get ring(): KeyRing {
    return this.keys.current;
  }

  kidOf(ring: KeyRing): string {
    return this.sealingKey(ring).kid;
  }

  sign(payload: JsonObject, ring = this.ring): string {
    const seal = this.sealOf(this.sealingKey(ring));
    const prefix = PREFIXES[payload['type'] as TokenType];
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv('aes-256-gcm', seal.key, nonce).setAAD(Buffer.from(prefix));
    const reference = JSON.stringify(SEALED_CLAIMS.map((name) => payload[name]));
    const sealed = Buffer.concat([cipher.update(reference, 'utf8'), cipher.final(), cipher.getAuthTag()]);
    const body = prefix + Buffer.concat([seal.hint, nonce, sealed]).toString('base64url');
    return body + checksumOf(body);
  }

  decode(token: string, now: number): DecodedToken | TokenFault {
    if (token.length > MAX_TOKEN_LENGTH) return TokenFault.tooLong;
    const type = (['access', 'refresh'] as const).find((candidate) => token.startsWith(PREFIXES[candidate]));
    const body = token.slice(0, -CHECKSUM_LENGTH);
    const bytes = decodeCanonical(body.slice(PREFIX_LENGTH));
    if (
      !type ||
      !bytes ||
      bytes.length <= HINT_BYTES + NONCE_BYTES + TAG_BYTES ||
      checksumOf(body) !== token.slice(-CHECKSUM_LENGTH)
    ) {
      return TokenFault.malformed;
    }
    const key = secretsOf(this.keys.current).find(
      (candidate) =>
        isAccepted(candidate, now) && this.sealOf(candidate).hint.equals(bytes.subarray(0, HINT_BYTES)),
    );
    if (!key) return TokenFault.unknownKey;
    const claims = opened(bytes.subarray(HINT_BYTES), this.sealOf(key).key, PREFIXES[type]);
    if (!claims) return TokenFault.badSignature;
    const present = SEALED_CLAIMS.map((name, index) => [name, claims[index]] as const).filter(
      ([, value]) => value !== null && value !== undefined,
    );
    return {
      payload: { ...Object.fromEntries(present), type },
      isAccessTokenJwt: false,
      keyEndsAt: key.verifyUntil ?? Infinity,
    };
  }

  /** The signing key if it is a secret, else the first secret of the ring that is not on its way out. */
  private sealingKey(ring: KeyRing): RingKey {
    const secrets = secretsOf(ring);
    const key =
      secrets.find(({ status }) => status === 'signing') ??
      secrets.find(({ verifyUntil }) => verifyUntil === undefined);
    if (!key) throw new ConfigError([NO_SEALING_KEY]);
    return key;
  }

  private sealOf(key: RingKey): Seal {
    let seal = this.seals.get(key);
    if (!seal) {
      const hint = Buffer.from(hash('sha256', key.kid, 'hex').slice(0, HINT_BYTES * 2), 'hex');
      seal = { key: derivedSecret(key.acceptingKey, 'opaque token v1'), hint };
      this.seals.set(key, seal);
    }
    return seal;
  }
}

/** What startup and {@link OpaqueCodec.sign} say when nothing can seal. */
export const NO_SEALING_KEY =
  'token-format "opaque" needs a secret in the key ring: a cryptography-key, or a JWK of "kty": "oct"';

interface Seal {
  readonly key: KeyObject;
  /** Tells which key to open with. */
  readonly hint: Buffer;
}

function secretsOf(ring: KeyRing): readonly RingKey[] {
  return ring.keys.filter(({ use, acceptingKey }) => use === 'sig' && acceptingKey.type === 'secret');
}

function opened(bytes: Buffer, key: KeyObject, prefix: string): readonly unknown[] | undefined {
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, NONCE_BYTES), {
      authTagLength: TAG_BYTES,
    })
      .setAAD(Buffer.from(prefix))
      .setAuthTag(bytes.subarray(-TAG_BYTES));
    const text = Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]);
    return JSON.parse(text.toString('utf8')) as readonly unknown[];
  } catch {
    return undefined;
  }
}

function checksumOf(text: string): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc32(text));
  return bytes.toString('base64url');
}

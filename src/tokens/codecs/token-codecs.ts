import type { FastauthConfig, TokenFormat } from '../../config/fastauth-config.js';
import { ConfigError } from '../../errors.js';
import type { JsonObject } from '../../json.js';
import type { KeyRing } from '../../keys/key-ring.js';
import type { ActiveKeyRing } from '../../keys/active-key-ring.js';
import type { MaybePromise } from '../../sessions/token-store.js';
import { TokenTooLongError } from '../token-too-long.error.js';
import { TokenFault } from '../token-fault.js';
import { JweCodec, NO_ENCRYPTION_KEY } from './jwe.codec.js';
import { JwtCodec, MAX_TOKEN_LENGTH } from './jwt.codec.js';
import { NO_SEALING_KEY, OPAQUE_PREFIX, OpaqueCodec } from './opaque.codec.js';
import type { DecodedToken, TokenCodec } from './token-codec.js';

export type FormatConfig = Pick<
  FastauthConfig,
  'tokenFormat' | 'acceptedTokenFormats' | 'accessTokenProfile'
>;

/** Makes tokens in one format, and reads that one and those that are named besides: so a format can be changed. */
export class TokenCodecs implements TokenCodec {
  private readonly codecs: Readonly<Record<TokenFormat, TokenCodec>>;
  private readonly issuing: TokenCodec;
  private readonly accepted: ReadonlySet<TokenFormat>;

  /** @throws ConfigError the key ring has no key for the format */
  constructor(keys: ActiveKeyRing, config: FormatConfig) {
    const jwt = new JwtCodec(keys, config);
    this.codecs = { jwt, jwe: new JweCodec(keys, jwt), opaque: new OpaqueCodec(keys) };
    this.issuing = this.codecs[config.tokenFormat];
    this.accepted = new Set([config.tokenFormat, ...config.acceptedTokenFormats]);
    const fault = formatFault(keys.current, config.tokenFormat);
    if (fault !== undefined) throw new ConfigError([fault]);
  }

  get ring(): KeyRing {
    return this.issuing.ring;
  }

  kidOf(ring: KeyRing): string {
    return this.issuing.kidOf(ring);
  }

  get carriesClaims(): boolean {
    return this.issuing.carriesClaims;
  }

  /** @throws TokenTooLongError (or rejects with it) the token would be too long to be accepted */
  sign(payload: JsonObject, ring = this.ring): MaybePromise<string> {
    const token = this.issuing.sign(payload, ring);
    return token instanceof Promise ? token.then(withinLimit) : withinLimit(token);
  }

  decode(token: string, now: number): MaybePromise<DecodedToken | TokenFault> {
    const format = formatOf(token);
    return this.accepted.has(format) ? this.codecs[format].decode(token, now) : TokenFault.malformed;
  }

  /** As {@link decode}, in whatever format another process may issue: for ending sessions, never for letting in. */
  decodeAny(token: string, now: number): MaybePromise<DecodedToken | TokenFault> {
    return this.codecs[formatOf(token)].decode(token, now);
  }
}

/** @throws TokenTooLongError */
function withinLimit(token: string): string {
  if (token.length <= MAX_TOKEN_LENGTH) return token;
  throw new TokenTooLongError(token.length, MAX_TOKEN_LENGTH);
}

/** What a ring lacks for making tokens in a format. */
export function formatFault(ring: KeyRing, format: TokenFormat): string | undefined {
  if (format === 'jwe') return ring.encryptionKey ? undefined : NO_ENCRYPTION_KEY;
  const canSeal = ring.keys.some((key) => key.acceptingKey.type === 'secret' && key.use === 'sig');
  return format === 'opaque' && !canSeal ? NO_SEALING_KEY : undefined;
}

/** No text can be taken for two formats: a JWT or JWE starts with an object, which base64url never starts with `fa_`. */
function formatOf(token: string): TokenFormat {
  if (token.startsWith(OPAQUE_PREFIX)) return 'opaque';
  let dots = 0;
  for (let at = token.indexOf('.'); at !== -1 && dots < 5; at = token.indexOf('.', at + 1)) dots++;
  return dots === 4 ? 'jwe' : 'jwt';
}

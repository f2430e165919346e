import type { FastauthConfig } from '../config/fastauth-config.js';
import type { JsonObject } from '../config/strict-json.js';
import { ConfigError } from '../errors.js';
import { KeyRing } from '../keys/key-ring.js';
import { KeyRingHolder } from '../keys/key-ring-holder.js';
import type { RingKey } from '../keys/ring-key.js';
import { clientIdFault } from './client-id.js';
import { JwtCodec } from './jwt.codec.js';
import type { Principal } from './principal.js';
import { isTime } from './token-claims.js';
import { TokenFault } from './token-fault.js';

/** Whom a foreign token is of. */
export interface ForeignIdentity {
  readonly clientId: string;
  /** What the handler finds in `principal.claims`. Default: the token's payload. */
  readonly claims?: JsonObject | undefined;
}

/**
 * JWTs that the application issued by other means (such as @nestjs/jwt) before it moved to fastauth, accepted as access
 * tokens until a day. Nothing is stored of them: they cannot be revoked and not be refreshed, so keep the time short.
 */
export interface ForeignTokens {
  /** What they were signed with: `importSecret`, `importJwk` or `importPem`. Never a key of the key ring. */
  readonly key: RingKey;
  /** When the last of them is accepted. */
  readonly until: Date;
  /** Whom a token with this payload is of; undefined refuses it. Signature and times were checked before. */
  map(payload: JsonObject): ForeignIdentity | undefined;
}

/** Injection token of what is accepted of others; nothing, unless registered. */
export const FOREIGN_TOKENS = Symbol('FOREIGN_TOKENS');

/** Verifies foreign tokens, as strictly as our own but for the store. They must have an `exp`. */
export class ForeignTokenVerifier {
  private readonly codec: JwtCodec;
  private readonly until: number;

  /** @throws ConfigError its key is one of the ring: revoked tokens of ours would come in through this door */
  constructor(
    private readonly foreign: ForeignTokens,
    ring: KeyRing,
    private readonly config: Pick<FastauthConfig, 'clockTolerance' | 'accessTokenProfile'>,
  ) {
    const { key, until } = foreign;
    if (ring.keys.some(({ thumbprint }) => thumbprint === key.thumbprint)) {
      throw new ConfigError([
        'foreignTokens.key is also a key of the key ring, so that revoked tokens could come back as foreign ones; ' +
          'make a new cryptography-key with "npx fastauth keys generate" and leave the old one to foreignTokens',
      ]);
    }
    if (Number.isNaN(until.getTime())) throw new ConfigError(['foreignTokens.until is no date']);
    this.codec = new JwtCodec(new KeyRingHolder(new KeyRing([{ ...key, status: 'signing' }])), config);
    this.until = until.getTime() / 1000;
  }

  /** @returns undefined where it is no foreign token, or none any more */
  verify(token: string, now: number): Principal | undefined {
    if (now >= this.until) return undefined;
    const decoded = this.codec.decode(token, now);
    if (decoded instanceof TokenFault) return undefined;
    const { payload } = decoded;
    const { exp, nbf, iat } = payload;
    const { clockTolerance } = this.config;
    if (!isTime(exp) || exp + clockTolerance <= now) return undefined;
    for (const time of [nbf, iat]) {
      if (time !== undefined && !(isTime(time) && time <= now + clockTolerance)) return undefined;
    }
    const identity = this.foreign.map(payload);
    if (!identity || clientIdFault(identity.clientId) !== undefined) return undefined;
    return Object.freeze({
      level: 'access',
      clientId: identity.clientId,
      masterTokenName: undefined,
      familyId: undefined,
      tokenId: typeof payload['jti'] === 'string' ? payload['jti'] : undefined,
      issuedAt: typeof iat === 'number' ? iat : undefined,
      expiresAt: Math.min(exp, this.until),
      claims: Object.freeze({ ...(identity.claims ?? payload) }),
    });
  }
}

import { LRUCache } from 'lru-cache';
import type { FastauthConfig } from '../config/fastauth-config.js';
import type { MaybePromise, TokenStore } from '../stores/token-store.js';
import type { Clock } from './clock.js';
import type { JwtCodec } from './jwt.codec.js';
import type { Principal } from './principal.js';
import type { SessionRecord } from './session-record.js';
import { readClaims, type TokenClaims, type TokenType } from './token-claims.js';
import { digestOf } from './token-digest.js';
import { TokenFault } from './token-fault.js';

/** A token whose signature and claims hold, kept so that they need not be computed again. */
interface VerifiedToken {
  readonly digest: string;
  readonly claims: TokenClaims;
  readonly principal: Principal;
}

/** Counts since the start. */
export interface CacheLookups {
  hits: number;
  misses: number;
}

/**
 * Decides whether a token is good: made by us, in time, and the current one of its session.
 * Signatures are remembered for tokens that verified, never for others; the store is asked every time.
 */
export class TokenVerifier {
  readonly cacheLookups: CacheLookups = { hits: 0, misses: 0 };
  private readonly verified: LRUCache<string, VerifiedToken>;

  constructor(
    private readonly codec: JwtCodec,
    private readonly store: TokenStore,
    private readonly clock: Clock,
    private readonly config: Pick<FastauthConfig, 'clockTolerance' | 'verifiedTokenCacheSize'>,
  ) {
    this.verified = new LRUCache({ max: config.verifiedTokenCacheSize });
  }

  /**
   * Signature, form and claims of a token; the store is not asked.
   * @param type what the token must be; undefined: whatever it says
   */
  readToken(token: string, type?: TokenType): TokenClaims | TokenFault {
    const payload = this.codec.decode(token);
    if (payload instanceof TokenFault) return payload;
    const expected = type ?? (payload['type'] === 'refresh' ? 'refresh' : 'access');
    return readClaims(payload, expected, this.clock.now() / 1000, this.config.clockTolerance);
  }

  /**
   * Verifies an access token. Answers without a promise where the store can.
   * @throws StoreUnavailableError (or rejects with it)
   */
  verifyAccess(token: string): MaybePromise<Principal | TokenFault> {
    const digest = digestOf(token);
    let verified = this.verified.get(digest);
    if (!verified) {
      this.cacheLookups.misses++;
      const claims = this.readToken(token, 'access');
      if (claims instanceof TokenFault) return claims;
      verified = { digest, claims, principal: principalOf(claims) };
      this.verified.set(digest, verified);
    } else if (verified.claims.expiresAt + this.config.clockTolerance <= this.clock.now() / 1000) {
      this.verified.delete(digest);
      return TokenFault.expired;
    } else this.cacheLookups.hits++;
    const found = this.store.find(verified.claims);
    if (!(found instanceof Promise)) return currentPrincipal(verified, found);
    const current = verified;
    return found.then((record) => currentPrincipal(current, record));
  }
}

function currentPrincipal(token: VerifiedToken, record: SessionRecord | undefined): Principal | TokenFault {
  return record !== undefined &&
    record.revokedAt === undefined &&
    record.accessHash === token.digest &&
    record.clientId === token.claims.clientId
    ? token.principal
    : TokenFault.notCurrent;
}

function principalOf(claims: TokenClaims): Principal {
  return Object.freeze({
    level: 'access',
    clientId: claims.clientId,
    familyId: claims.familyId,
    tokenId: claims.tokenId,
    issuedAt: claims.issuedAt,
    masterTokenName: undefined,
    expiresAt: claims.expiresAt,
    claims: Object.freeze(claims.raw),
  });
}

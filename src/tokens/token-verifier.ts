import type { Clock } from '../clock.js';
import type { FastauthConfig } from '../config/fastauth-config.js';
import type { ActiveKeyRing } from '../keys/active-key-ring.js';
import { isClientRegister } from '../sessions/client-register.js';
import { findSession } from '../sessions/legacy-family.js';
import type { SessionRecord } from '../sessions/session-record.js';
import { scopeNames } from '../config/scope-name.js';
import { digestOf } from '../sessions/token-digest.js';
import type { MaybePromise, TokenStore } from '../sessions/token-store.js';
import { type ClaimRulesConfig, issuerFault } from './claim-rules.js';
import { MAX_TOKEN_LENGTH } from './codecs/jwt.codec.js';
import { OPAQUE_MARK_LENGTH } from './codecs/opaque.codec.js';
import type { DecodedToken } from './codecs/token-codec.js';
import type { TokenCodecs } from './codecs/token-codecs.js';
import { ConnectionTokens } from './connection-tokens.js';
import { DecodedTokens, type RingedToken } from './decoded-tokens.js';
import type { ForeignTokenVerifier } from './foreign-tokens.js';
import { frozenClaims } from './frozen-claims.js';
import type { LastUses } from './last-uses.js';
import type { Principal } from './principal.js';
import {
  allClaims,
  authTimeOf,
  bearerOf,
  readClaims,
  type TokenClaims,
  type TokenType,
} from './token-claims.js';
import { TokenFault } from './token-fault.js';
import {
  type AccessPrincipal,
  type LastSeen,
  type VerifiedToken,
  VerifiedTokens,
} from './verified-tokens.js';

/** A token that was read, and what stands for it in stores. */
export interface KnownToken {
  readonly claims: TokenClaims;
  readonly digest: string;
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
  readonly #verified: VerifiedTokens;
  readonly #decoded: DecodedTokens;
  readonly #lastOfConnections = new ConnectionTokens<VerifiedToken>();

  constructor(
    private readonly codec: TokenCodecs,
    private readonly keys: ActiveKeyRing,
    private readonly store: TokenStore,
    private readonly clock: Clock,
    private readonly config: Pick<FastauthConfig, 'clockTolerance' | 'verifiedTokenCacheSize'> &
      ClaimRulesConfig,
    private readonly foreignTokens?: ForeignTokenVerifier,
    private readonly uses?: LastUses,
  ) {
    this.#verified = new VerifiedTokens(config.verifiedTokenCacheSize, keys, config.clockTolerance, clock);
    this.#decoded = new DecodedTokens(config.verifiedTokenCacheSize, keys);
  }

  /**
   * Signature, form and claims of a token; the store is not asked. Answers without a promise where the codec can.
   * @param type what the token must be; undefined: whatever it says
   */
  readToken(token: string, type?: TokenType): MaybePromise<TokenClaims | TokenFault> {
    return after(this.decode(token), (decoded) =>
      decoded instanceof TokenFault ? decoded : this.claimsOf(decoded, type),
    );
  }

  /**
   * As {@link readToken}, of either type; the signature of a token that was read before is not verified again.
   * @param isForAnybody whether it does not matter whom the token is for
   */
  readKnown(token: string, isForAnybody: boolean): MaybePromise<KnownToken | TokenFault> {
    if (!isReadable(token)) return TokenFault.tooLong;
    const digest = digestOf(token);
    const known = this.#decoded.get(digest, this.clock.now() / 1000);
    return after(known ?? this.decode(token), (decoded) => {
      if (decoded instanceof TokenFault) return decoded;
      if (!known) this.#decoded.set(digest, decoded);
      const claims = this.claimsOf(decoded, undefined, isForAnybody);
      return claims instanceof TokenFault ? claims : { claims, digest };
    });
  }

  /** A token of ours in any format: its form and signature hold. It says nothing of whether it may let anybody in. */
  decodeAny(token: string): MaybePromise<DecodedToken | TokenFault> {
    return this.decode(token, 'decodeAny');
  }

  /** What the last look at this access token found, if its signature is remembered. */
  lastSeen(token: string): LastSeen | undefined {
    return isReadable(token) ? this.#verified.lastSeen(digestOf(token)) : undefined;
  }

  /**
   * Verifies an access token. Answers without a promise where codec and store can.
   * @param connection what it came over, if that may keep the token's text for as long as it lasts
   * @throws StoreUnavailableError (or rejects with it)
   */
  verifyAccess(token: string, connection?: object): MaybePromise<Principal | TokenFault> {
    const last = connection && this.#lastOfConnections.get(connection, token);
    if (last && last.ring === this.keys.current) return this.verifySeen(last, connection);
    if (!isReadable(token)) return TokenFault.tooLong;
    const digest = digestOf(token);
    const verified = this.#verified.get(digest);
    if (verified === undefined) {
      this.cacheLookups.misses++;
      return this.verifyUnseen(token, digest);
    }
    if (connection) this.#lastOfConnections.set(connection, token, verified);
    return this.verifySeen(verified, connection);
  }

  private verifySeen(
    verified: VerifiedToken,
    connection: object | undefined,
  ): MaybePromise<Principal | TokenFault> {
    const now = this.clock.now() / 1000;
    if (verified.endsAt > now) {
      this.cacheLookups.hits++;
      return this.askStore(verified, now);
    }
    this.#verified.delete(verified.digest);
    if (connection) this.#lastOfConnections.delete(connection);
    return TokenFault.expired.of(verified.bearer);
  }

  private verifyUnseen(token: string, digest: string): MaybePromise<Principal | TokenFault> {
    return after(this.decode(token), (decoded) => {
      if (decoded instanceof TokenFault)
        return this.foreignTokens
          ? after(this.foreignTokens.verify(token, this.clock.now() / 1000), (foreign) => foreign ?? decoded)
          : decoded;
      const claims = this.claimsOf(decoded, 'access');
      if (claims instanceof TokenFault) return claims.of(bearerOf(decoded.payload));
      const verified = {
        digest,
        ring: decoded.ring,
        endsAt: Math.min(claims.expiresAt + this.config.clockTolerance, decoded.keyEndsAt),
        bearer: claims,
        wasCurrent: false,
        nextUseAt: 0,
      };
      this.#verified.set(verified);
      return this.askStore(verified, this.clock.now() / 1000);
    });
  }

  private askStore(verified: VerifiedToken, now: number): MaybePromise<Principal | TokenFault> {
    const found = findSession(this.store, verified.bearer);
    if (found instanceof Promise) return found.then((record) => this.judge(verified, record, now));
    const principal = currentPrincipal(verified, found);
    if (!(principal instanceof TokenFault)) {
      if (verified.nextUseAt !== undefined && now >= verified.nextUseAt) this.tellUse(verified, found, now);
      return principal;
    }
    // A cache may not have heard yet of a refresh by another process: no good token is refused for that.
    return after(findSession(this.store, verified.bearer, { fresh: true }), (record) =>
      this.judge(verified, record, now),
    );
  }

  private tellUse(verified: VerifiedToken, record: SessionRecord | undefined, now: number): void {
    verified.nextUseAt = record && this.uses?.used(record, now);
  }

  private judge(
    verified: VerifiedToken,
    record: SessionRecord | undefined,
    now: number,
  ): MaybePromise<Principal | TokenFault> {
    const principal = currentPrincipal(verified, record);
    if (verified.nextUseAt !== undefined && now >= verified.nextUseAt && !(principal instanceof TokenFault))
      this.tellUse(verified, record, now);
    if (record !== undefined || !isClientRegister(this.store)) return principal;
    return after(this.store.hasClient(verified.bearer.clientId), (isKnown) =>
      isKnown ? principal : TokenFault.unknownClient.of(verified.bearer),
    );
  }

  private claimsOf(
    decoded: DecodedToken,
    type: TokenType | undefined,
    isForAnybody = false,
  ): TokenClaims | TokenFault {
    const { payload } = decoded;
    const expected = type ?? (payload['type'] === 'refresh' ? 'refresh' : 'access');
    const claims = readClaims(payload, expected, this.clock.now() / 1000, this.config.clockTolerance);
    if (claims instanceof TokenFault) return claims;
    return issuerFault(decoded, expected, this.config, isForAnybody) ?? claims;
  }

  /** Decodes, once more where the keys were read again because the token names an unknown one. */
  private decode(
    token: string,
    how: 'decode' | 'decodeAny' = 'decode',
  ): MaybePromise<TokenFault | RingedToken> {
    if (!isReadable(token)) return TokenFault.tooLong;
    const ring = this.keys.current;
    const now = this.clock.now() / 1000;
    return after(this.codec[how](token, now), (decoded) => {
      if (decoded === TokenFault.unknownKey) {
        const reloaded = this.keys.reload(keyMarkOf(token));
        return reloaded ? reloaded.then((isOther) => (isOther ? this.decode(token, how) : decoded)) : decoded;
      }
      return decoded instanceof TokenFault ? decoded : { ...decoded, ring };
    });
  }
}

/** What tells tokens of different keys apart that nobody knows: the header, or how an opaque token begins. */
function keyMarkOf(token: string): string {
  const end = token.indexOf('.');
  return digestOf(token.slice(0, end === -1 ? OPAQUE_MARK_LENGTH : end));
}

/** Whether a token is text that is worth its digest. */
function isReadable(token: string): boolean {
  return typeof token === 'string' && token.length <= MAX_TOKEN_LENGTH;
}

/** Goes on with a value, at once where it is there already. */
function after<T, R>(value: MaybePromise<T>, next: (value: T) => MaybePromise<R>): MaybePromise<R> {
  return value instanceof Promise ? value.then(next) : next(value);
}

function currentPrincipal(token: VerifiedToken, record: SessionRecord | undefined): Principal | TokenFault {
  token.wasCurrent = false;
  if (record === undefined || record.clientId !== token.bearer.clientId) {
    return TokenFault.sessionSuperseded.of(token.bearer);
  }
  if (record.revokedAt !== undefined) return TokenFault.sessionRevoked.of(token.bearer);
  if (record.accessHash !== token.digest) return TokenFault.superseded.of(token.bearer);
  token.wasCurrent = true;
  const { bearer } = token;
  return 'level' in bearer ? bearer : (token.bearer = principalOf(bearer, record));
}

function principalOf(claims: TokenClaims, record: SessionRecord): AccessPrincipal {
  const all = frozenClaims(allClaims(claims, record));
  return Object.freeze({
    level: 'access',
    clientId: claims.clientId,
    familyId: claims.familyId,
    tokenId: claims.tokenId,
    issuedAt: claims.issuedAt,
    scopes: scopeNames(all['scope']),
    authTime: authTimeOf(claims, record),
    masterTokenName: undefined,
    expiresAt: claims.expiresAt,
    claims: all,
  });
}

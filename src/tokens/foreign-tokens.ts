import { isTime } from '../clock.js';
import type { FastauthConfig } from '../config/fastauth-config.js';
import { scopeNames } from '../config/scope-name.js';
import { ConfigError, StoreUnavailableError } from '../errors.js';
import type { JsonObject } from '../json.js';
import { KeyRing } from '../keys/key-ring.js';
import { ActiveKeyRing } from '../keys/active-key-ring.js';
import type { RingKey } from '../keys/ring-key.js';
import { clientIdFault } from '../sessions/client-id.js';
import type { MaybePromise, TokenStore } from '../sessions/token-store.js';
import { JwtCodec } from './codecs/jwt.codec.js';
import { frozenClaims } from './frozen-claims.js';
import type { Principal } from './principal.js';
import { TokenFault } from './token-fault.js';

const REMEDY =
  'so its tokens are no foreign ones: revoked ones would come back. Make a new cryptography-key with "npx fastauth keys generate", ' +
  'keep the old one in the ring as "verify-only" until "npx fastauth keys list" shows no session on it, and only then give it to foreignTokens';

/** Whom a foreign token is of. */
export interface ForeignIdentity {
  readonly clientId: string;
  /** What the handler finds in `principal.claims`. Default: the token's payload. */
  readonly claims?: JsonObject | undefined;
  /** What the token may do (`principal.scopes`). Default: nothing, whatever its payload says. */
  readonly scopes?: readonly string[] | undefined;
}

/**
 * JWTs that the application issued by other means (such as @nestjs/jwt) before it moved to fastauth, accepted as access
 * tokens until a day. Nothing is stored of them: they cannot be revoked and not be refreshed, so keep the time short.
 */
export interface ForeignTokens {
  /**
   * What they were signed with: `importSecret`, `importJwk` or `importPem`. Never a key of the key ring, nor one that
   * sessions of the store were signed with.
   */
  readonly key: RingKey;
  /** When the last of them is accepted. */
  readonly until: Date;
  /**
   * Whom a token with this payload is of; undefined refuses it. Signature and times were checked before. Payloads with
   * `fam`, `gen`, or a `type` of `access` or `refresh`, are those of fastauth's own tokens, and never get here.
   */
  map(payload: JsonObject): ForeignIdentity | undefined;
}

/** Injection token of what is accepted of others; nothing, unless registered. */
export const FOREIGN_TOKENS = Symbol('FOREIGN_TOKENS');

/**
 * Verifies foreign tokens, as strictly as our own but for the store. They must have an `exp`. A token of ours is never
 * a foreign one, whoever has retired its key: it says so by its claims, and its key is one that sessions were signed
 * with. Otherwise revoked tokens would come back through this door, and refresh tokens as access tokens.
 */
export class ForeignTokenVerifier {
  readonly #foreign: ForeignTokens;
  readonly #codec: JwtCodec;
  readonly #until: number;
  /** The ring that was last seen not to have the key. */
  #otherRing: KeyRing | undefined;
  /** What is known of sessions that were signed with the key; `unknown`: the store could not tell when it was asked. */
  #sessions: 'none' | 'some' | 'unknown' = 'none';

  /** @throws ConfigError its key is one of the ring */
  constructor(
    foreign: ForeignTokens,
    private readonly keys: ActiveKeyRing,
    private readonly store: TokenStore,
    private readonly config: Pick<FastauthConfig, 'clockTolerance' | 'accessTokenProfile'>,
  ) {
    const { key, until } = foreign;
    this.#foreign = foreign;
    if (this.#isOfRing())
      throw new ConfigError([`foreignTokens.key is also a key of the key ring, ${REMEDY}`]);
    if (Number.isNaN(until.getTime())) throw new ConfigError(['foreignTokens.until is no date']);
    this.#codec = new JwtCodec(new ActiveKeyRing(new KeyRing([{ ...key, status: 'signing' }])), config);
    this.#until = until.getTime() / 1000;
  }

  /**
   * Looks whether sessions of the store were signed with the key. A store that is out of reach is asked again when the
   * first foreign token comes; one that cannot look through its sessions (REST) leaves it at what tokens say.
   * @param now epoch seconds
   * @throws ConfigError they were
   */
  async assertOtherKey(now: number): Promise<void> {
    this.#sessions = 'unknown';
    const hasSigned = await this.#hasSignedSessions(now).catch((error: unknown) => {
      if (error instanceof StoreUnavailableError) return false;
      throw error;
    });
    if (hasSigned)
      throw new ConfigError([`foreignTokens.key is a key that sessions were signed with, ${REMEDY}`]);
  }

  /**
   * @returns undefined where it is no foreign token, or none any more
   * @throws StoreUnavailableError (or rejects with it) nobody knows yet whether its key is one of ours
   */
  verify(token: string, now: number): MaybePromise<Principal | undefined> {
    if (now >= this.#until) return undefined;
    const decoded = this.#codec.decode(token, now);
    if (decoded instanceof TokenFault || isOurs(decoded.payload) || this.#isOfRing()) return undefined;
    if (this.#sessions === 'unknown') {
      return this.#hasSignedSessions(now).then((hasSigned) =>
        hasSigned ? undefined : this.#principalOf(decoded.payload, now),
      );
    }
    return this.#sessions === 'some' ? undefined : this.#principalOf(decoded.payload, now);
  }

  #principalOf(payload: JsonObject, now: number): Principal | undefined {
    const { exp, nbf, iat } = payload;
    const { clockTolerance } = this.config;
    if (!isTime(exp) || exp + clockTolerance <= now) return undefined;
    for (const time of [nbf, iat]) {
      if (time !== undefined && !(isTime(time) && time <= now + clockTolerance)) return undefined;
    }
    const identity = this.#foreign.map(payload);
    if (!identity || clientIdFault(identity.clientId) !== undefined) return undefined;
    // A copy: what the mapper answers may be an object of the application's own.
    const claims = JSON.parse(JSON.stringify(identity.claims ?? payload)) as JsonObject;
    return Object.freeze({
      level: 'access',
      clientId: identity.clientId,
      scopes: scopeNames(identity.scopes?.join(' ')),
      authTime: undefined,
      masterTokenName: undefined,
      familyId: undefined,
      tokenId: typeof payload['jti'] === 'string' ? payload['jti'] : undefined,
      issuedAt: typeof iat === 'number' ? iat : undefined,
      expiresAt: Math.min(exp, this.#until),
      claims: frozenClaims(claims),
    });
  }

  /** The key may come into the ring later, with a reload. */
  #isOfRing(): boolean {
    const ring = this.keys.current;
    if (ring === this.#otherRing) return false;
    const { thumbprint } = this.#foreign.key;
    if (ring.keys.some((key) => key.thumbprint === thumbprint)) return true;
    this.#otherRing = ring;
    return false;
  }

  async #hasSignedSessions(now: number): Promise<boolean> {
    const uses = (await this.store.keyUse(now)) ?? [];
    const { kid, thumbprint } = this.#foreign.key;
    // A key of the ring is known by more than its name.
    const others = new Set(this.keys.current.keys.map((key) => key.kid));
    const hasSigned = uses.some(
      (use) => use.kid !== undefined && [kid, thumbprint].includes(use.kid) && !others.has(use.kid),
    );
    this.#sessions = hasSigned ? 'some' : 'none';
    return hasSigned;
  }
}

/** Whether this is a payload of ours, or of the Python original, whatever key it was signed with. */
function isOurs({ type, fam, gen }: JsonObject): boolean {
  return type === 'access' || type === 'refresh' || fam !== undefined || gen !== undefined;
}

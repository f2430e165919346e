import type { Clock } from '../clock.js';
import type { FastauthConfig } from '../config/fastauth-config.js';
import { scopeNames } from '../config/scope-name.js';
import { InvalidGrantError, StoreUnavailableError } from '../errors.js';
import type { FastauthEvents } from '../events/fastauth-events.js';
import { findSession, LEGACY_FAMILY_ID } from '../sessions/legacy-family.js';
import { isRefreshable, type RefreshableSession, type SessionRecord } from '../sessions/session-record.js';
import { digestOf } from '../sessions/token-digest.js';
import type { TokenStore } from '../sessions/token-store.js';
import { type ClaimRulesConfig, issuerClaims } from './claim-rules.js';
import type { TokenCodec } from './codecs/token-codec.js';
import type { IssuanceDefaultsOf } from './issuance-defaults.js';
import { issuedTokens, type IssuedTokens, type RefreshOptions } from './issued-tokens.js';
import { ownClaims } from './own-claims.js';
import { saving } from './saving.js';
import { narrowedScope, scopeOf } from './scopes.js';
import { openPair, sealPair } from './sealed-pair.js';
import {
  allClaims,
  authTimeOf,
  customClaims,
  defaultedClaims,
  sessionScopeOf,
  type TokenClaims,
} from './token-claims.js';
import { TokenFault } from './token-fault.js';
import { mintPair, type PairTemplate, randomId, recordClaims } from './token-minter.js';
import type { TokenVerifier } from './token-verifier.js';
import { UnansweredRefreshes } from './unanswered-refreshes.js';

/** How often a refresh that lost the race reads the session again before it gives up with 503. */
const MAX_ROUNDS = 3;
/** Losers of a race within this many seconds are no thieves, even in strict mode. */
const RACE_SECONDS = 1;

type RefresherConfig = Pick<
  FastauthConfig,
  'accessTokenExpiresIn' | 'refreshGrace' | 'familyMaxAge' | 'clockTolerance'
> &
  ClaimRulesConfig;

/**
 * Spends a refresh token for a new pair: one compare-and-swap on the session's record (RFC 9700 section 4.14.2).
 * Of any number of simultaneous refreshes one mints; within the grace window the others get the same pair.
 */
export class TokenRefresher {
  /** By digest of the token and what is asked for, what this process is refreshing now: simultaneous twins need no signatures of their own. */
  readonly #underWay = new Map<string, Promise<IssuedTokens>>();
  readonly #unanswered = new UnansweredRefreshes();

  constructor(
    private readonly verifier: TokenVerifier,
    private readonly codec: TokenCodec,
    private readonly store: TokenStore,
    private readonly clock: Clock,
    private readonly events: FastauthEvents,
    private readonly config: RefresherConfig,
    private readonly defaultsOf?: IssuanceDefaultsOf,
  ) {}

  /**
   * @throws InvalidGrantError the token is not a current refresh token of ours
   * @throws InvalidScopeError what is asked for is no scope, or more than the session has; nothing was consumed
   * @throws StoreUnavailableError nothing was consumed
   */
  async refresh(refreshToken: string, options: RefreshOptions = {}): Promise<IssuedTokens> {
    const claims = await this.verifier.readToken(refreshToken, 'refresh');
    if (claims === TokenFault.noClientId)
      throw new InvalidGrantError('Invalid refresh token: missing client_id');
    if (claims instanceof TokenFault) throw new InvalidGrantError();
    const digest = digestOf(refreshToken);
    // In strict mode nobody gets a pair that somebody else has got.
    if (this.config.refreshGrace === 0) return this.spend(refreshToken, digest, claims, options);
    // Whoever asks for too much is refused alone.
    const asked = options.scopes && (scopeOf(options.scopes, undefined) ?? '');
    const twins = asked === undefined ? digest : `${digest} ${asked}`;
    let outcome = this.#underWay.get(twins);
    if (!outcome) {
      outcome = this.answer(refreshToken, digest, claims, options).finally(() =>
        this.#underWay.delete(twins),
      );
      this.#underWay.set(twins, outcome);
    }
    return outcome;
  }

  /** A client that was told to repeat keeps its place: its repeats are judged as of the time when it first asked. */
  private async answer(
    refreshToken: string,
    digest: string,
    claims: TokenClaims,
    options: RefreshOptions,
  ): Promise<IssuedTokens> {
    const askedAt = this.clock.now() / 1000;
    try {
      const tokens = await this.spend(refreshToken, digest, claims, options);
      this.#unanswered.forget(digest);
      return tokens;
    } catch (error) {
      if (error instanceof StoreUnavailableError) {
        this.#unanswered.add(digest, askedAt, this.clock.now() / 1000);
      } else this.#unanswered.forget(digest);
      throw error;
    }
  }

  private async spend(
    refreshToken: string,
    digest: string,
    claims: TokenClaims,
    options: RefreshOptions,
  ): Promise<IssuedTokens> {
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const record = await findSession(this.store, claims, { fresh: true });
      if (!record || record.clientId !== claims.clientId || record.revokedAt !== undefined) {
        throw new InvalidGrantError();
      }
      if (!isRefreshable(record)) throw new InvalidGrantError();
      if (digest !== record.refreshHash) return this.answerSpent(refreshToken, digest, claims, record);
      const rotated = await this.rotate(refreshToken, digest, { ...options, claims, record });
      if (rotated) return rotated;
    }
    throw new StoreUnavailableError();
  }

  private async rotate(
    refreshToken: string,
    digest: string,
    {
      claims,
      record,
      scopes,
    }: RefreshOptions & { readonly claims: TokenClaims; readonly record: SessionRecord },
  ): Promise<IssuedTokens | undefined> {
    const familyEnd = Math.floor(record.createdAt) + this.config.familyMaxAge;
    if (familyEnd <= Math.floor(this.clock.now() / 1000)) throw new InvalidGrantError();
    const own = await this.ownClaims(claims, record, scopes);
    // After the application was asked, which may take its time: the window counts from the rotation.
    const rotatedAt = this.clock.now() / 1000;
    const now = Math.floor(rotatedAt);
    const template = {
      clientId: record.clientId,
      familyId: familyOf(claims, record),
      generation: record.generation + 1,
      issuedAt: now,
      accessExpiresAt: Math.min(now + this.accessLifetime(record), familyEnd),
      refreshExpiresAt: Math.min(now + (claims.expiresAt - (claims.issuedAt ?? now)), familyEnd),
      issuerClaims: issuerClaims(this.config, record.clientId),
      authTime: this.config.accessTokenProfile === 'at+jwt' ? authTimeOf(claims, record) : undefined,
      ...own,
    };
    const { pair, kid } = await mintPair(this.codec, template);
    const next: RefreshableSession = {
      ...record,
      plainPair: undefined,
      rotatedAgo: undefined,
      familyId: template.familyId,
      generation: template.generation,
      accessHash: digestOf(pair.accessToken),
      accessExpiresAt: template.accessExpiresAt,
      refreshHash: digestOf(pair.refreshToken),
      refreshExpiresAt: template.refreshExpiresAt,
      previousRefreshHash: digest,
      rotatedAt,
      sealedPair:
        this.config.refreshGrace > 0 ? sealPair({ ...pair, scope: template.scope }, refreshToken) : undefined,
      kid,
      scope: template.sessionScope,
      claims: recordClaims(this.codec, template),
    };
    if (!(await saving(next.clientId, this.store.rotate(next, pair)))) return undefined;
    const { scope } = template;
    this.events.emit({
      type: 'token.refreshed',
      clientId: next.clientId,
      familyId: next.familyId,
      ...(scope === undefined ? {} : { scope }),
    });
    return issuedTokens(next, pair, scope);
  }

  /** What the next pair says for the application, which is asked again: a role that was taken away leaves the tokens. */
  private async ownClaims(
    claims: TokenClaims,
    record: SessionRecord,
    scopes: readonly string[] | undefined,
  ): Promise<Pick<PairTemplate, 'claims' | 'defaulted' | 'scope' | 'sessionScope'>> {
    const before = customClaims(claims, record);
    const given = defaultedClaims(claims);
    const sessionScope = sessionScopeOf(claims, record);
    // Before the application is asked: what cannot be granted is refused whatever it says.
    const scope = narrowedScope(sessionScope, scopes, undefined);
    if (!this.defaultsOf) return { claims: before, defaulted: given, scope, sessionScope };
    const { clientId, label } = record;
    const allowed = await this.defaultsOf({
      clientId,
      label,
      claims: before,
      scopes: scopeNames(sessionScope),
    });
    const defaults = allowed?.claims ?? {};
    const kept = Object.entries(before).filter(([name]) => !given.includes(name));
    // A scope that came from there goes where it is not given any more, as a claim does.
    const ofDefaults = given.filter((name) => name === 'scope');
    return {
      claims: ownClaims({ ...Object.fromEntries(kept), ...defaults }),
      defaulted: [...Object.keys(defaults), ...ofDefaults],
      scope: narrowedScope(scope, undefined, allowed?.scopes ?? (ofDefaults.length > 0 ? [] : undefined)),
      sessionScope,
    };
  }

  /** The token is not the session's current one: a late twin gets the same pair, anything older ends the session. */
  private async answerSpent(
    refreshToken: string,
    digest: string,
    claims: TokenClaims,
    record: RefreshableSession,
  ): Promise<IssuedTokens> {
    const now = this.clock.now() / 1000;
    if (isPrevious(digest, claims, record) && record.rotatedAt !== undefined) {
      // By the store's clock where it has one: processes' clocks may differ by more than the window is long.
      const age = record.rotatedAgo ?? now - record.rotatedAt;
      // Before the rotation, by more than clocks may differ: a clock was set back, and nobody can tell how old it is.
      if (age < -this.config.clockTolerance) throw new InvalidGrantError();
      if (age - this.#unanswered.waited(digest, now) < this.config.refreshGrace) {
        const answer = await this.sameAnswer(refreshToken, record);
        this.tell('token.replayed', record);
        return answer;
      }
      if (age < RACE_SECONDS) throw new InvalidGrantError();
    }
    if (isSpent(digest, claims, record) && (await this.store.revoke(record, Math.floor(now)))) {
      this.tell('token.reused', record);
    }
    throw new InvalidGrantError();
  }

  /** The current pair, for one who presents the token that it replaced. */
  private async sameAnswer(refreshToken: string, record: RefreshableSession): Promise<IssuedTokens> {
    const { plainPair, sealedPair } = record;
    // A process in strict mode rotated it and left nothing to answer with.
    if (plainPair === undefined && sealedPair === undefined) throw new InvalidGrantError();
    if (plainPair === undefined) {
      const sealed = openPair(sealedPair ?? '', refreshToken);
      if (!sealed) throw new StoreUnavailableError('The answer that was kept for this token is damaged.');
      return issuedTokens(record, sealed, sealed.scope);
    }
    const claims = await this.verifier.readToken(plainPair.accessToken, 'access');
    const scope = claims instanceof TokenFault ? undefined : allClaims(claims, record)['scope'];
    const none = record.scope === undefined ? undefined : '';
    return issuedTokens(record, plainPair, typeof scope === 'string' ? scope : none);
  }

  private tell(type: 'token.reused' | 'token.replayed', { clientId, familyId }: SessionRecord): void {
    this.events.emit({ type, clientId, familyId, address: this.events.address });
  }

  /** A refreshed access token lives as long as the one before it was meant to. */
  private accessLifetime(record: SessionRecord): number {
    const lifetime = record.accessExpiresAt - Math.floor(record.rotatedAt ?? record.createdAt);
    return lifetime > 0 ? lifetime : this.config.accessTokenExpiresIn;
  }
}

/** A store of one session for each client gives the sessions of the Python original no family; they get one now. */
function familyOf({ familyId }: TokenClaims, record: SessionRecord): string {
  return familyId ?? (record.familyId === LEGACY_FAMILY_ID ? randomId() : record.familyId);
}

/**
 * Whether it is the token that the current pair replaced. A store that keeps plain pairs may not know that token any
 * more; then its generation tells.
 */
function isPrevious(digest: string, claims: TokenClaims, record: SessionRecord): boolean {
  return record.previousRefreshHash === undefined
    ? record.plainPair !== undefined && claims.generation === record.generation - 1
    : digest === record.previousRefreshHash;
}

/** Whether it is a token that the session has had before. Those of the Python original do not say their generation. */
function isSpent(digest: string, claims: TokenClaims, record: SessionRecord): boolean {
  return (
    digest === record.previousRefreshHash || (claims.generation ?? record.generation) < record.generation
  );
}

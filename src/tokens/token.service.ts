import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { FASTAUTH_CONFIG, type FastauthConfig } from '../config/fastauth-config.js';
import { CryptoKeyNotSetError, UnauthorizedError } from '../errors.js';
import { KeyRingHolder } from '../keys/key-ring-holder.js';
import { isAccepted } from '../keys/ring-key.js';
import {
  TokenStore,
  type MaybePromise,
  type RevokeFilter,
  type SessionWatcher,
} from '../sessions/token-store.js';
import { FastauthEvents } from '../events/fastauth-events.js';
import { kidOf } from './codecs/kid-of.js';
import { Clock } from '../clock.js';
import { FOREIGN_TOKENS, type ForeignTokens, ForeignTokenVerifier } from './foreign-tokens.js';
import { ISSUANCE_DEFAULTS, type IssuanceDefaultsOf } from './issuance-defaults.js';
import type { IssuedTokens, IssueOptions, Session } from './issued-tokens.js';
import { assertLabel } from '../sessions/label.js';
import type { Principal } from './principal.js';
import { sessionExpiresAt, type SessionKey, type SessionRecord } from '../sessions/session-record.js';
import { assertNamesClient, revokeFilter } from '../sessions/session-filter.js';
import { TokenCodecs } from './codecs/token-codecs.js';
import { TokenFault } from './token-fault.js';
import { TokenIssuer } from './token-issuer.js';
import { TokenRefresher } from './token-refresher.js';
import { TokenInspector, type TokenState } from './token-inspector.js';
import { sessionStandingOf, standingOf, type TokenReference, type TokenStanding } from './token-standing.js';
import { type CacheLookups, type LastSeen, TokenVerifier } from './token-verifier.js';

/** The parts that exist only with a cryptography key. */
interface Machinery {
  readonly issuer: TokenIssuer;
  readonly verifier: TokenVerifier;
  readonly refresher: TokenRefresher;
  readonly inspector: TokenInspector;
  readonly foreign: ForeignTokenVerifier | undefined;
}

/**
 * Issues, verifies, refreshes and revokes tokens.
 *
 * @example
 * const tokens = await this.tokenService.issue({ clientId: 'sensor-17', claims: { site: 'north' } });
 */
@Injectable()
export class TokenService implements OnApplicationBootstrap {
  private readonly machinery: Machinery | undefined;

  /** @internal */
  constructor(
    @Inject(FASTAUTH_CONFIG) config: FastauthConfig,
    @Inject(KeyRingHolder) private readonly keys: KeyRingHolder | undefined,
    private readonly store: TokenStore,
    private readonly clock: Clock,
    private readonly events: FastauthEvents,
    @Inject(ISSUANCE_DEFAULTS) issuanceDefaults?: IssuanceDefaultsOf,
    @Inject(FOREIGN_TOKENS) foreignTokens?: ForeignTokens,
  ) {
    if (keys) {
      const codec = new TokenCodecs(keys, config);
      const foreign = foreignTokens && new ForeignTokenVerifier(foreignTokens, keys, store, config);
      const verifier = new TokenVerifier(codec, keys, store, clock, config, foreign);
      const issuer = new TokenIssuer(codec, store, clock, events, config, issuanceDefaults);
      const refresher = new TokenRefresher(verifier, codec, store, clock, events, config, issuanceDefaults);
      const inspector = new TokenInspector(verifier, store, clock, config);
      this.machinery = { issuer, verifier, refresher, inspector, foreign };
    }
  }

  /** @throws ConfigError the key of `foreignTokens` is one that sessions were signed with */
  async onApplicationBootstrap(): Promise<void> {
    await this.machinery?.foreign?.assertOtherKey(this.nowInSeconds());
  }

  /**
   * Issues a pair and stores its session. With `sessions-per-client` reached, the client's oldest session ends.
   * @throws InvalidRequestError the client identifier, the label or a claim cannot be one
   * @throws TypeError a claim has a name of fastauth's own, or a lifetime is one that the configuration refuses
   * @throws CryptoKeyNotSetError
   * @throws StoreUnavailableError | TokenNotSavedError nothing was issued
   */
  async issue(options: IssueOptions = {}): Promise<IssuedTokens> {
    return this.events.operations.time('issue', this.machineryOrThrow().issuer.issue(options));
  }

  /**
   * Spends a refresh token for a new pair. Simultaneous calls with one token get the same pair.
   * @throws InvalidGrantError the token is not good (any more)
   * @throws CryptoKeyNotSetError
   * @throws StoreUnavailableError | TokenNotSavedError nothing was consumed
   */
  async refresh(refreshToken: string): Promise<IssuedTokens> {
    return this.events.operations.time('refresh', this.machineryOrThrow().refresher.refresh(refreshToken));
  }

  /**
   * Verifies an access token: made by us, in time, current.
   * @throws UnauthorizedError it is not
   * @throws CryptoKeyNotSetError
   * @throws StoreUnavailableError
   */
  async verify(accessToken: string): Promise<Principal> {
    const result = await this.check(accessToken);
    if (result instanceof TokenFault) throw new UnauthorizedError(result.reason, 'invalid_token');
    return result;
  }

  /**
   * As {@link verify}, but a refusal is a value, and there is no promise where the store answers at once.
   * @param connection what the token came over, such as a request's socket: the same token is then known again without
   * its digest. Its text is kept with that object, for as long as that lives. Nothing else is left out.
   * @throws CryptoKeyNotSetError
   * @throws StoreUnavailableError (or rejects with it)
   */
  check(accessToken: string, connection?: object): MaybePromise<Principal | TokenFault> {
    return this.machineryOrThrow().verifier.verifyAccess(accessToken, connection);
  }

  /**
   * Ends one session: its tokens are refused from now on.
   * @returns whether a live session was ended
   * @throws InvalidRequestError it names no client
   * @throws StoreUnavailableError
   */
  async revoke(session: SessionKey): Promise<boolean> {
    assertNamesClient(session);
    const revoked = await this.events.operations.time(
      'revoke',
      this.store.revoke(session, this.nowInSeconds()),
    );
    if (revoked && session.familyId !== undefined) {
      this.events.emit({ type: 'session.revoked', clientId: session.clientId, familyId: session.familyId });
    }
    return revoked;
  }

  /**
   * Ends the session that a token of ours belongs to: any access or refresh token whose signature holds and that has
   * not expired, also one that was refreshed or spent long ago.
   * @returns whether a live session was ended; false for anything that is no such token
   * @throws CryptoKeyNotSetError
   * @throws StoreUnavailableError
   * @see RFC 7009 section 2.1
   */
  async revokeToken(token: string): Promise<boolean> {
    const session = await this.machineryOrThrow().inspector.sessionToRevoke(token);
    return session !== undefined && this.revoke(session);
  }

  /**
   * Tells whether an access or refresh token is good now, and what it says.
   * @throws CryptoKeyNotSetError
   * @throws StoreUnavailableError
   * @see RFC 7662 section 2.2
   */
  async introspect(token: string): Promise<TokenState> {
    return this.events.operations.time('introspect', this.machineryOrThrow().inspector.introspect(token));
  }

  /**
   * Ends a client's sessions: all, all but one, or all that began before a time.
   *
   * @example
   * await tokens.revokeClient('ada');
   * await tokens.revokeClient('ada', { exceptFamilyId: principal.familyId });
   * await tokens.revokeClient('ada', { issuedBefore: passwordChangedAt });
   * @returns how many live sessions were ended
   * @throws TypeError the filter cannot be one
   * @throws InvalidRequestError the client identifier is no text
   * @throws StoreUnavailableError
   */
  async revokeClient(clientId: string, filter?: RevokeFilter): Promise<number> {
    assertNamesClient({ clientId });
    const families = await this.events.operations.time(
      'revoke',
      this.store.revokeClient(clientId, this.nowInSeconds(), revokeFilter(filter)),
    );
    for (const familyId of families) this.events.emit({ type: 'session.revoked', clientId, familyId });
    return families.length;
  }

  /**
   * The client's live sessions, oldest first.
   * @throws InvalidRequestError the client identifier is no text
   * @throws StoreUnavailableError
   */
  async sessions(clientId: string): Promise<Session[]> {
    assertNamesClient({ clientId });
    const now = this.nowInSeconds();
    const records = await this.store.list(clientId);
    return records
      .filter((record) => record.revokedAt === undefined && sessionExpiresAt(record) >= now)
      .map((record) => ({
        familyId: record.familyId,
        clientId: record.clientId,
        label: record.label,
        createdAt: Math.floor(record.createdAt),
        refreshedAt: record.rotatedAt,
        expiresAt: sessionExpiresAt(record),
      }));
  }

  /**
   * How a token stands that verified before; its signature and times are not looked at again, but whether its key is
   * still accepted.
   * @throws StoreUnavailableError (or rejects with it)
   * @internal
   */
  standing(token: TokenReference): MaybePromise<TokenStanding> {
    const standing = (record: SessionRecord | undefined): TokenStanding =>
      standingOf(token, record, (kid) => this.isKeyAccepted(kid));
    const found = this.store.find(token);
    return found instanceof Promise ? found.then(standing) : standing(found);
  }

  /**
   * As {@link standing}, for whoever lives as long as the token's session: refreshing ends nothing.
   * @throws StoreUnavailableError (or rejects with it)
   * @internal
   */
  sessionStanding(token: TokenReference): MaybePromise<TokenStanding> {
    const standing = (record: SessionRecord | undefined): TokenStanding =>
      sessionStandingOf(token, record, (kid) => this.isKeyAccepted(kid));
    const found = this.store.find(token);
    return found instanceof Promise ? found.then(standing) : standing(found);
  }

  /**
   * When the token's session ends unless it is refreshed before: epoch seconds; undefined where it has ended.
   * @throws StoreUnavailableError
   * @internal
   */
  async sessionEnd(token: TokenReference): Promise<number | undefined> {
    const record = await this.store.find(token, { fresh: true });
    const standing = sessionStandingOf(token, record, (kid) => this.isKeyAccepted(kid));
    return record !== undefined && standing === 'current' ? sessionExpiresAt(record) : undefined;
  }

  /**
   * Hears of sessions that changed or ended, in any process that shares the store, until it is closed. Other keys may
   * have ended any of them, so the watcher is then told that it may have missed changes.
   * @see TokenStore.watch
   * @returns a function that ends the watch
   */
  watch(watcher: SessionWatcher): () => void {
    const unwatch = this.store.watch(watcher);
    const ignoreKeys = this.keys?.onChange(() => watcher(undefined));
    return () => {
      unwatch();
      ignoreKeys?.();
    };
  }

  /** @internal Whether the token's header names a key that this process does not know. */
  namesUnknownKey(token: string): boolean {
    const kid = kidOf(token);
    const ring = this.keys?.current;
    return (
      kid !== undefined &&
      ring !== undefined &&
      ring.candidates(kid).length === 0 &&
      ring.decryptionCandidates(kid).length === 0
    );
  }

  /** @internal What the last look at this access token found, if there was one lately; the store is not asked. */
  lastSeen(accessToken: string): LastSeen | undefined {
    return this.machinery?.verifier.lastSeen(accessToken);
  }

  /**
   * Gives a live session another label, or none.
   * @returns whether there is such a session
   * @throws InvalidRequestError the label cannot be one, or no client is named
   * @throws StoreUnavailableError
   */
  async label(session: SessionKey, label: string | undefined): Promise<boolean> {
    assertNamesClient(session);
    assertLabel(label);
    return this.store.label(session, label);
  }

  /** @internal How often the verified-token cache knew a token, and how often it did not, since the start. */
  get cacheLookups(): CacheLookups {
    return this.machinery?.verifier.cacheLookups ?? { hits: 0, misses: 0 };
  }

  private machineryOrThrow(): Machinery {
    if (!this.machinery) throw new CryptoKeyNotSetError();
    return this.machinery;
  }

  /** A session remembers no key whose tokens do not name one. */
  private isKeyAccepted(kid: string | undefined): boolean {
    const now = this.clock.now() / 1000;
    const ring = this.keys?.current;
    const keys = kid === undefined ? ring?.candidates(kid) : ring?.keys.filter((key) => key.kid === kid);
    return keys?.some((key) => isAccepted(key, now)) ?? false;
  }

  private nowInSeconds(): number {
    return Math.floor(this.clock.now() / 1000);
  }
}

import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { FASTAUTH_CONFIG, type FastauthConfig } from '../config/fastauth-config.js';
import { CryptoKeyNotSetError, UnauthorizedError } from '../errors.js';
import { ActiveKeyRing } from '../keys/active-key-ring.js';
import {
  TokenStore,
  type MaybePromise,
  type RevokeFilter,
  type SessionWatcher,
} from '../sessions/token-store.js';
import { FastauthEvents } from '../events/fastauth-events.js';
import { kidOf } from './codecs/kid-of.js';
import { Clock } from '../clock.js';
import { AccessTokens } from './access-tokens.js';
import { FOREIGN_TOKENS, type ForeignTokens } from './foreign-tokens.js';
import { ISSUANCE_DEFAULTS, type IssuanceDefaultsOf } from './issuance-defaults.js';
import type { AccessOnlyOptions, IssuedAccess } from './access-only-issuer.js';
import {
  type IssuedTokens,
  type IssueOptions,
  type RefreshOptions,
  type Session,
  sessionOf,
} from './issued-tokens.js';
import { assertLabel } from '../sessions/label.js';
import { keyedParts, type KeyedParts } from './keyed-parts.js';
import type { Principal } from './principal.js';
import { SessionStatuses } from './session-statuses.js';
import { isLive } from '../sessions/live-sessions.js';
import type { SessionKey } from '../sessions/session-record.js';
import { isClientRegister } from '../sessions/client-register.js';
import { assertNamesClient, assertNamesFamily, revokeFilter } from '../sessions/session-filter.js';
import { TokenFault } from './token-fault.js';
import type { TokenState } from './token-inspector.js';
import type { TokenReference, TokenStatus } from './token-status.js';
import type { CacheLookups } from './token-verifier.js';
import type { LastSeen } from './verified-tokens.js';

/**
 * Issues, verifies, refreshes and revokes tokens.
 *
 * @example
 * const tokens = await this.tokenService.issue({ clientId: 'sensor-17', claims: { site: 'north' } });
 */
@Injectable()
export class TokenService extends AccessTokens implements OnApplicationBootstrap {
  private readonly keyed: KeyedParts | undefined;
  private readonly statuses: SessionStatuses;

  /** @internal */
  constructor(
    @Inject(FASTAUTH_CONFIG) config: FastauthConfig,
    @Inject(ActiveKeyRing) private readonly keys: ActiveKeyRing | undefined,
    private readonly store: TokenStore,
    private readonly clock: Clock,
    private readonly events: FastauthEvents,
    @Inject(ISSUANCE_DEFAULTS) issuanceDefaults?: IssuanceDefaultsOf,
    @Inject(FOREIGN_TOKENS) foreignTokens?: ForeignTokens,
  ) {
    super();
    this.statuses = new SessionStatuses(store, clock, keys);
    this.keyed = keys && keyedParts({ keys, store, clock, events, config, issuanceDefaults, foreignTokens });
  }

  /** @throws ConfigError the key of `foreignTokens` is one that sessions were signed with */
  async onApplicationBootstrap(): Promise<void> {
    await this.keyed?.foreign?.assertOtherKey(this.nowInSeconds());
  }

  /**
   * Issues a pair and stores its session. With `sessions-per-client` reached, the client's oldest session ends.
   * @throws InvalidRequestError the client identifier, the label, a scope or a claim cannot be one, or the claims are too large
   * @throws TypeError an option is unknown, a claim has a name of fastauth's own, or a lifetime is one that the configuration refuses
   * @throws CryptoKeyNotSetError
   * @throws StoreUnavailableError | TokenNotSavedError nothing was issued
   */
  async issue(options: IssueOptions = {}): Promise<IssuedTokens> {
    return this.events.operations.time('issue', this.keyedOrThrow().issuer.issue(options));
  }

  /**
   * Issues an access token alone, in a session of its own.
   * @throws CryptoKeyNotSetError
   * @throws StoreUnavailableError | TokenNotSavedError nothing was issued
   * @internal
   */
  async issueAccessOnly(options: AccessOnlyOptions): Promise<IssuedAccess> {
    return this.events.operations.time('issue', this.keyedOrThrow().accessOnly.issue(options));
  }

  /**
   * Whose a refresh token of ours is, by its signature and times; the store is not asked.
   * @throws CryptoKeyNotSetError
   * @internal
   */
  async ownerOf(refreshToken: string): Promise<string | undefined> {
    const claims = await this.keyedOrThrow().verifier.readToken(refreshToken, 'refresh');
    return claims instanceof TokenFault ? undefined : claims.clientId;
  }

  /**
   * Spends a refresh token for a new pair. Simultaneous calls with one token get the same pair.
   * @throws InvalidGrantError the token is not good (any more)
   * @throws InvalidScopeError more was asked for than the session has; nothing was consumed
   * @throws CryptoKeyNotSetError
   * @throws StoreUnavailableError | TokenNotSavedError nothing was consumed
   */
  async refresh(refreshToken: string, options?: RefreshOptions): Promise<IssuedTokens> {
    return this.events.operations.time(
      'refresh',
      this.keyedOrThrow().refresher.refresh(refreshToken, options),
    );
  }

  /**
   * Verifies an access token: made by us, in time, current.
   * @throws UnauthorizedError it is not
   * @throws CryptoKeyNotSetError
   * @throws StoreUnavailableError
   */
  async verify(accessToken: string): Promise<Principal> {
    const result = await this.check(accessToken);
    if (result instanceof TokenFault) throw new UnauthorizedError(result.reason, result.code);
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
    return this.keyedOrThrow().verifier.verifyAccess(accessToken, connection);
  }

  /**
   * Ends one session: its tokens are refused from now on.
   * @returns whether a live session was ended
   * @throws InvalidRequestError it names no client, or no family where the store tells sessions of a client apart
   * @throws StoreUnavailableError
   */
  async revoke(session: SessionKey): Promise<boolean> {
    assertNamesClient(session);
    if (!isClientRegister(this.store)) assertNamesFamily(session);
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
    const session = await this.keyedOrThrow().inspector.sessionToRevoke(token);
    return session !== undefined && this.revoke(session);
  }

  /**
   * The session that {@link revokeToken} would end.
   * @throws CryptoKeyNotSetError
   * @throws StoreUnavailableError
   * @internal
   */
  async sessionToRevoke(token: string): Promise<SessionKey | undefined> {
    return this.keyedOrThrow().inspector.sessionToRevoke(token);
  }

  /**
   * Tells whether an access or refresh token is good here now, and what it says.
   * @throws CryptoKeyNotSetError
   * @throws StoreUnavailableError
   * @see RFC 7662 section 2.2
   */
  async introspect(token: string): Promise<TokenState> {
    return this.events.operations.time('introspect', this.keyedOrThrow().inspector.introspect(token));
  }

  /**
   * As {@link introspect}, of tokens that are for others, too.
   * @throws CryptoKeyNotSetError
   * @throws StoreUnavailableError
   * @internal
   */
  async introspectForAnybody(token: string): Promise<TokenState> {
    return this.events.operations.time('introspect', this.keyedOrThrow().inspector.introspect(token, true));
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
    return records.filter((record) => isLive(record, now)).map(sessionOf);
  }

  /** @internal */
  status(token: TokenReference): MaybePromise<TokenStatus> {
    return this.statuses.ofToken(token);
  }

  /** @internal */
  sessionStatus(token: TokenReference): MaybePromise<TokenStatus> {
    return this.statuses.ofSession(token);
  }

  /** @internal */
  async sessionEnd(token: TokenReference): Promise<number | undefined> {
    return this.statuses.sessionEnd(token);
  }

  /**
   * Hears of sessions that changed or ended, in any process that shares the store, until it is closed.
   * @see TokenStore.watch
   * @returns a function that ends the watch
   */
  watch(watcher: SessionWatcher): () => void {
    return this.statuses.watch(watcher);
  }

  /** @internal */
  async ping(): Promise<void> {
    this.keyedOrThrow();
    await this.store.ping();
  }

  /** @internal Whether the token's header names a key that this process does not know. */
  namesUnknownKey(token: string): boolean {
    const kid = kidOf(token);
    return kid !== undefined && this.keys?.current.knows(kid) === false;
  }

  /** @internal What the last look at this access token found, if there was one lately; the store is not asked. */
  lastSeen(accessToken: string): LastSeen | undefined {
    return this.keyed?.verifier.lastSeen(accessToken);
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
    return this.keyed?.verifier.cacheLookups ?? { hits: 0, misses: 0 };
  }

  private keyedOrThrow(): KeyedParts {
    if (!this.keyed) throw new CryptoKeyNotSetError();
    return this.keyed;
  }

  private nowInSeconds(): number {
    return Math.floor(this.clock.now() / 1000);
  }
}

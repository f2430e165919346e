import type { FactoryProvider } from '@nestjs/common';
import type { JsonObject } from '../json.js';

/** What pairs get that `issue` is not told otherwise. Durations are seconds. */
export interface IssuanceDefaults {
  /** Counts when a session begins; refreshed pairs keep the session's own. */
  readonly accessTokenExpiresIn?: number | undefined;
  /** As {@link accessTokenExpiresIn}. */
  readonly refreshTokenExpiresIn?: number | undefined;
  /**
   * Claims of your own. When a session begins, those given to `issue` come first. At a refresh these do, since they
   * are newer; what was given here before and is not any more leaves the tokens, and what `issue` was told stays.
   */
  readonly claims?: JsonObject | undefined;
  /**
   * What tokens may do where `issue` is not told. At a refresh, the access token gets no scope that is not among these,
   * and none that the session does not have. Where they are not given any more, the scope that came from here leaves
   * the access token, and what `issue` was told stays.
   */
  readonly scopes?: readonly string[] | undefined;
}

/** Whom {@link IssuanceDefaults} are asked for. */
export interface IssuanceClient {
  readonly clientId: string;
  readonly label: string | undefined;
  /** The session's claims so far, your own ones; undefined where a session begins. */
  readonly claims: JsonObject | undefined;
  /** What the session may have; undefined where a session begins. */
  readonly scopes?: readonly string[] | undefined;
}

/**
 * Lifetimes, scopes and claims per client, looked up whenever a pair is issued or refreshed. Where it throws or rejects,
 * nothing is issued and nothing is consumed: the error goes to whoever asked, the refresh token stays good, the session
 * goes on. To end it, too, call `revokeClient`. What takes longer than five seconds, or `store-timeout` where that is
 * longer, is answered 503 in the same way. Simultaneous refreshes of one token get one answer, of one look-up.
 */
export type IssuanceDefaultsOf = (client: IssuanceClient) => IssuanceDefaults | Promise<IssuanceDefaults>;

/** Makes an {@link IssuanceDefaultsOf} out of providers of the application, as a `FactoryProvider` of Nest does. */
export type InjectedIssuanceDefaults = Pick<FactoryProvider<IssuanceDefaultsOf>, 'inject' | 'useFactory'>;

/** Injection token of an {@link IssuanceDefaultsOf}; none, unless registered. */
export const ISSUANCE_DEFAULTS = Symbol('ISSUANCE_DEFAULTS');

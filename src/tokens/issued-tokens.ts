import { scopeNames } from '../config/scope-name.js';
import type { JsonObject } from '../json.js';
import {
  type RefreshableSession,
  sessionExpiresAt,
  type SessionRecord,
  type TokenPair,
} from '../sessions/session-record.js';

/** What to issue. Durations are seconds. */
export interface IssueOptions {
  /** Whom the tokens are for. Default: a UUID v4. */
  readonly clientId?: string | undefined;
  /** Claims of your own for both tokens; they outlive refreshing. Names that fastauth sets are refused; `scope` is read as {@link scopes}. */
  readonly claims?: JsonObject | undefined;
  /** What the tokens may do (RFC 6749 section 3.3). Default: what `issuanceDefaults` say, otherwise nothing. */
  readonly scopes?: readonly string[] | undefined;
  /** Default: `access-token-expires-in`. */
  readonly accessTokenExpiresIn?: number | undefined;
  /** Default: `refresh-token-expires-in`. */
  readonly refreshTokenExpiresIn?: number | undefined;
  /** Free text that tells sessions of one client apart, such as a device's name. */
  readonly label?: string | undefined;
}

/** Every name that {@link IssueOptions} has. */
export const ISSUE_OPTIONS = Object.keys({
  clientId: true,
  claims: true,
  scopes: true,
  accessTokenExpiresIn: true,
  refreshTokenExpiresIn: true,
  label: true,
} satisfies Record<keyof IssueOptions, true>);

/** A pair as it was issued. Times are epoch seconds. */
export interface IssuedTokens extends TokenPair {
  readonly clientId: string;
  readonly familyId: string;
  readonly accessExpiresAt: number;
  readonly refreshExpiresAt: number;
  /** What the access token may do (RFC 6749 section 5.1): empty text where nothing is left of the session's scope, undefined where it has none. */
  readonly scope?: string | undefined;
}

/** How a refresh differs from the one before. */
export interface RefreshOptions {
  /**
   * Of the session's scopes those that the next access token has; the one after it may have all of them again.
   * Within `refresh-grace` of another refresh of the same token, that one's answer is given, whatever is asked for
   * here: compare `scope` in it. Default: all of them.
   */
  readonly scopes?: readonly string[] | undefined;
}

export function issuedTokens(
  record: RefreshableSession,
  pair: TokenPair,
  scope: string | undefined,
): IssuedTokens {
  return {
    clientId: record.clientId,
    familyId: record.familyId,
    accessToken: pair.accessToken,
    refreshToken: pair.refreshToken,
    accessExpiresAt: record.accessExpiresAt,
    refreshExpiresAt: record.refreshExpiresAt,
    ...(scope === undefined ? {} : { scope }),
  };
}

/** What can be told of a session. Times are epoch seconds. */
export interface Session {
  readonly familyId: string;
  readonly clientId: string;
  readonly label: string | undefined;
  readonly createdAt: number;
  /** What its tokens may have; a refresh may ask for less. */
  readonly scopes: readonly string[];
  readonly refreshedAt: number | undefined;
  /** When its access token was last accepted, to `track-last-used` seconds; undefined where that is not tracked. */
  readonly lastUsedAt: number | undefined;
  readonly expiresAt: number;
}

export function sessionOf(record: SessionRecord): Session {
  return {
    familyId: record.familyId,
    clientId: record.clientId,
    label: record.label,
    scopes: scopeNames(record.scope),
    createdAt: Math.floor(record.createdAt),
    refreshedAt: record.rotatedAt,
    lastUsedAt: record.lastUsedAt,
    expiresAt: sessionExpiresAt(record),
  };
}

import type { JsonObject } from '../json.js';
import type { RefreshableSession, TokenPair } from '../sessions/session-record.js';

/** What to issue. Durations are seconds. */
export interface IssueOptions {
  /** Whom the tokens are for. Default: a UUID v4. */
  readonly clientId?: string | undefined;
  /** Claims of your own for both tokens; they outlive refreshing. Names that fastauth sets are refused. */
  readonly claims?: JsonObject | undefined;
  /** Default: `access-token-expires-in`. */
  readonly accessTokenExpiresIn?: number | undefined;
  /** Default: `refresh-token-expires-in`. */
  readonly refreshTokenExpiresIn?: number | undefined;
  /** Free text that tells sessions of one client apart, such as a device's name. */
  readonly label?: string | undefined;
}

/** A pair as it was issued. Times are epoch seconds. */
export interface IssuedTokens extends TokenPair {
  readonly clientId: string;
  readonly familyId: string;
  readonly accessExpiresAt: number;
  readonly refreshExpiresAt: number;
}

export function issuedTokens(record: RefreshableSession, pair: TokenPair): IssuedTokens {
  return {
    clientId: record.clientId,
    familyId: record.familyId,
    accessToken: pair.accessToken,
    refreshToken: pair.refreshToken,
    accessExpiresAt: record.accessExpiresAt,
    refreshExpiresAt: record.refreshExpiresAt,
  };
}

/** What can be told of a session. Times are epoch seconds. */
export interface Session {
  readonly familyId: string;
  readonly clientId: string;
  readonly label: string | undefined;
  readonly createdAt: number;
  readonly refreshedAt: number | undefined;
  readonly expiresAt: number;
}

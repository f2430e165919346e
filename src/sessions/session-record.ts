/**
 * A session (RFC 9700: token family) as it is stored: one record, which does not grow by refreshing.
 * Times are epoch seconds; hashes are the SHA-256 of the exact token text, base64url without padding.
 */
export interface SessionRecord {
  /** Identifies the family; signed into its tokens as `fam`. */
  readonly familyId: string;
  readonly clientId: string;
  /** 0 for the first pair, one more with each refresh; signed into the refresh token as `gen`. */
  readonly generation: number;
  readonly accessHash: string;
  readonly accessExpiresAt: number;
  /** Undefined, as is all that concerns refreshing, for a session that has no refresh token (RFC 6749 section 4.4.3). */
  readonly refreshHash?: string | undefined;
  /** The session's end unless it is refreshed before, or its access token outlives it: see {@link sessionExpiresAt}. */
  readonly refreshExpiresAt?: number | undefined;
  /** Hash of the refresh token that the current pair replaced. */
  readonly previousRefreshHash?: string | undefined;
  /** When the current pair replaced the previous one, to the millisecond. */
  readonly rotatedAt?: number | undefined;
  /**
   * How many seconds before this read the rotation took effect, by the store's own clock, which all processes share:
   * only in answers to a fresh `find`, of stores that have a clock. It is not stored.
   */
  readonly rotatedAgo?: number | undefined;
  /** The current pair, sealed under a key derived from the previous refresh token (never usable without it). */
  readonly sealedPair?: string | undefined;
  /**
   * When the session began, with a fraction that orders those of one second; refreshing does not change it.
   */
  readonly createdAt: number;
  /**
   * Whether {@link createdAt} is only the time of the oldest pair that is known, as of sessions that came from the REST
   * persistence API: such a session never counts as fresh. Default: false.
   */
  readonly isBeginningUnknown?: boolean | undefined;
  readonly revokedAt?: number | undefined;
  /**
   * When the session was last used, as `touch` was told: only in answers to `list` and `listAll`, of stores that keep
   * it. It is kept beside the record, and not part of it.
   */
  readonly lastUsedAt?: number | undefined;
  /** Free text that tells sessions of one client apart, such as a device's name. */
  readonly label?: string | undefined;
  /** Which key signed the current pair (RFC 7515 section 4.1.4), whether the pair says so or not. */
  readonly kid?: string | undefined;
  /** The application's own claims as JSON text: only where tokens do not carry them themselves (`token-format: opaque`). */
  readonly claims?: string | undefined;
  /** What the tokens may do (RFC 6749 section 3.3): names with one space between; undefined if that was not said. */
  readonly scope?: string | undefined;
  /** The current pair in plain text: only from stores that must keep it so (REST, shared with Python). */
  readonly plainPair?: TokenPair | undefined;
}

/** A session that has a refresh token. */
export interface RefreshableSession extends SessionRecord {
  readonly refreshHash: string;
  readonly refreshExpiresAt: number;
}

/** Whether the session has a refresh token. Those that have none are counted apart (`TokenStore.insert`). */
export function isRefreshable(record: SessionRecord): record is RefreshableSession {
  return record.refreshHash !== undefined && record.refreshExpiresAt !== undefined;
}

/** A session's tokens as they are handed to a client. */
export interface SessionTokens {
  readonly accessToken: string;
  readonly refreshToken?: string | undefined;
}

/** The tokens of a session that can be refreshed. */
export interface TokenPair extends SessionTokens {
  readonly refreshToken: string;
}

/** Which session a token belongs to. Tokens of the Python original carry no family. */
export interface SessionKey {
  readonly clientId: string;
  readonly familyId?: string | undefined;
}

/** The last second at which the session can still be used: its later token's. A tombstone may be dropped after it. */
export function sessionExpiresAt(record: SessionRecord): number {
  return Math.max(record.accessExpiresAt, record.refreshExpiresAt ?? record.accessExpiresAt);
}

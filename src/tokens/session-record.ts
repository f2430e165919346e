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
  readonly refreshHash: string;
  /** The session's end unless it is refreshed before, or its access token outlives it: see {@link sessionExpiresAt}. */
  readonly refreshExpiresAt: number;
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
  readonly createdAt: number;
  readonly revokedAt?: number | undefined;
  /** Free text that tells sessions of one client apart, such as a device's name. */
  readonly label?: string | undefined;
  /** Which key signed the current pair (RFC 7515 section 4.1.4), whether the pair says so or not. */
  readonly kid?: string | undefined;
  /** The application's own claims as JSON text: only where tokens do not carry them themselves (`token-format: opaque`). */
  readonly claims?: string | undefined;
  /** The current pair in plain text: only from stores that must keep it so (REST, shared with Python). */
  readonly plainPair?: TokenPair | undefined;
}

/** A pair of tokens as it is handed to a client. */
export interface TokenPair {
  readonly accessToken: string;
  readonly refreshToken: string;
}

/** Which session a token belongs to. Tokens of the Python original carry no family. */
export interface SessionKey {
  readonly clientId: string;
  readonly familyId?: string | undefined;
}

/** The last second at which the session can still be used: its later token's. A tombstone may be dropped after it. */
export function sessionExpiresAt(record: SessionRecord): number {
  return Math.max(record.accessExpiresAt, record.refreshExpiresAt);
}

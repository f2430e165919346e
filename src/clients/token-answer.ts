/** A successful answer of the token endpoint. @see RFC 6749 section 5.1 */
export interface TokenAnswer {
  readonly access_token: string;
  readonly token_type: 'Bearer';
  /** Seconds. */
  readonly expires_in: number;
  readonly refresh_token?: string;
  /** Names with one space between; left out where there are none. */
  readonly scope?: string;
}

/** What a grant is asked with. */
export interface GrantRequest {
  readonly scope: string | undefined;
  readonly resources: readonly string[];
  readonly refreshToken: string | undefined;
}

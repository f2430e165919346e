/** The answer of the token endpoints that hand out a pair. */
export interface TokenEnvelope {
  readonly status: 'success';
  readonly message: string;
  readonly code: 200;
  readonly data: {
    readonly client_id: string;
    readonly access_token: string;
    readonly refresh_token: string;
    /** Of the access token (RFC 6749 section 5.1); only where the session has a scope. */
    readonly scope?: string;
  };
}

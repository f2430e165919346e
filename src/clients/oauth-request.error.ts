/** Errors that the token endpoint answers with. @see RFC 6749 section 5.2, RFC 8707 section 2 */
export type OAuthRequestErrorCode =
  | 'invalid_request'
  | 'invalid_client'
  | 'invalid_grant'
  | 'unauthorized_client'
  | 'unsupported_grant_type'
  | 'invalid_scope'
  | 'invalid_target';

/** Why a client does not get what it asks for. The description holds nothing of what was sent but names. */
export class OAuthRequestError extends Error {
  override readonly name = 'OAuthRequestError';

  constructor(
    readonly error: OAuthRequestErrorCode,
    readonly description: string,
    /** Whether the client tried to authenticate itself by the `Authorization` header. */
    readonly usedHeader = false,
  ) {
    super(description);
  }
}

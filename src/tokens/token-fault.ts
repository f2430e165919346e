/**
 * Why a token is refused. A value rather than an exception, and made once: under a flood of bad tokens
 * refusing must cost next to nothing.
 */
export class TokenFault {
  private constructor(
    /** For people; never holds any text of the token. */
    readonly reason: string,
  ) {}

  static readonly tooLong = new TokenFault('The token is too long');
  static readonly malformed = new TokenFault('Invalid token format');
  static readonly badHeader = new TokenFault('Invalid token header');
  static readonly unknownKey = new TokenFault('The token is signed with an unknown key');
  static readonly badAlgorithm = new TokenFault('The specified alg value is not allowed');
  static readonly badSignature = new TokenFault('Signature verification failed');
  static readonly badPayload = new TokenFault('Invalid token payload');
  static readonly badExpiry = new TokenFault('The token has no usable expiration time');
  static readonly badTime = new TokenFault('The token has an unusable time');
  static readonly expired = new TokenFault('Signature has expired');
  static readonly notYetValid = new TokenFault('The token is not yet valid');
  static readonly badIdentifier = new TokenFault('The token has an unusable identifier');
  static readonly noClientId = new TokenFault('The token has no client_id');
  static readonly wrongType = new TokenFault('The token is of another type');
  static readonly wrongIssuer = new TokenFault('The token is of another issuer');
  static readonly wrongAudience = new TokenFault('The token is for another audience');
  /** @see RFC 9068 section 4 */
  static readonly wrongProfile = new TokenFault('The token is no access token as RFC 9068 has them');
  /** Well made, but of a client that the store's backend does not have. */
  static readonly unknownClient = new TokenFault('The client is not known');
  /** Well made, but not (or no longer) the current token of its session. */
  static readonly notCurrent = new TokenFault('The token is not current');
}

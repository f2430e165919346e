import type { TokenRefusalCode } from '../errors.js';
import type { Principal } from './principal.js';

/** Whose a token is. */
export type Bearer = Pick<Principal, 'clientId' | 'familyId'>;

/**
 * Why a token is refused. A value rather than an exception, and made once: under a flood of bad tokens
 * refusing must cost next to nothing.
 */
export class TokenFault {
  private constructor(
    /** For people; never holds any text of the token. */
    readonly reason: string,
    readonly code: TokenRefusalCode = 'invalid_token',
    /** Whose the token is, where its signature says so; for audits, never for the caller. */
    readonly bearer?: Bearer,
    base?: TokenFault,
  ) {
    this.kind = base ?? this;
  }

  /** The fault itself, whoever's token has it: one of those below. */
  readonly kind: TokenFault;

  static readonly tooLong = new TokenFault('The token is too long');
  static readonly malformed = new TokenFault('Invalid token format');
  static readonly badHeader = new TokenFault('Invalid token header');
  static readonly unknownKey = new TokenFault('The token is signed with an unknown key');
  static readonly badAlgorithm = new TokenFault('The specified alg value is not allowed');
  static readonly badSignature = new TokenFault('Signature verification failed');
  static readonly badPayload = new TokenFault('Invalid token payload');
  static readonly badExpiry = new TokenFault('The token has no usable expiration time');
  static readonly badTime = new TokenFault('The token has an unusable time');
  static readonly expired = new TokenFault('Signature has expired', 'token_expired');
  static readonly notYetValid = new TokenFault('The token is not yet valid');
  static readonly badIdentifier = new TokenFault('The token has an unusable identifier');
  static readonly noClientId = new TokenFault('The token has no client_id');
  static readonly wrongType = new TokenFault('The token is of another type', 'wrong_token_type');
  static readonly wrongIssuer = new TokenFault('The token is of another issuer');
  static readonly wrongAudience = new TokenFault('The token is for another audience');
  /** @see RFC 9068 section 4 */
  static readonly wrongProfile = new TokenFault('The token is no access token as RFC 9068 has them');
  /** Only whoever has a key may use it, and nothing here asks for the proof. @see RFC 7800 */
  static readonly bound = new TokenFault('The token is bound to a key, of which there is no proof');
  static readonly notMapped = new TokenFault('The token is of nobody who is known here');
  /** Well made, but of a client that the store's backend does not have. */
  static readonly unknownClient = new TokenFault('The client is not known');
  /** Well made, but not (or no longer) the current token of its session. */
  static readonly notCurrent = new TokenFault('The token is not current');
  /** The session goes on with another token. */
  static readonly superseded = new TokenFault('The token was refreshed', 'token_superseded');
  static readonly sessionRevoked = new TokenFault('The session was revoked', 'session_revoked');
  /** The store does not have the session any more: a newer one of the client took its place. */
  static readonly sessionSuperseded = new TokenFault('The session was superseded', 'session_superseded');

  /** Every fault that names no bearer. */
  static readonly all: readonly TokenFault[] = Object.values(TokenFault).filter(
    (member) => member instanceof TokenFault,
  );

  /** Whether the token is well made, and it is only that its session has gone on without it. */
  get isOfSession(): boolean {
    return (
      this.kind === TokenFault.superseded ||
      this.kind === TokenFault.sessionRevoked ||
      this.kind === TokenFault.sessionSuperseded
    );
  }

  /** This fault, of a token whose bearer is known. */
  of({ clientId, familyId }: Bearer): TokenFault {
    return new TokenFault(this.reason, this.code, { clientId, familyId }, this.kind);
  }
}

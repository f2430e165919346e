import { HttpException } from '@nestjs/common';
import type { FastauthErrorCode } from './wire/error-code.js';

export type { FastauthErrorCode };

/** Why an access or refresh token is refused. */
export type TokenRefusalCode = Extract<
  FastauthErrorCode,
  | 'invalid_token'
  | 'token_expired'
  | 'wrong_token_type'
  | 'token_superseded'
  | 'session_revoked'
  | 'session_superseded'
>;

/**
 * Base of all errors of this package. It is an `HttpException`, so an error that leaves a handler of yours
 * already answers with the right status; `code` is the stable machine code, `message` the text for people.
 * Neither ever holds a token, a key or a header value.
 */
export abstract class FastauthError extends HttpException {
  abstract readonly code: FastauthErrorCode;

  constructor(message: string, status: number, options?: { cause?: unknown }) {
    super(message, status, options);
    this.name = new.target.name;
  }

  /** What callers are told. */
  get publicMessage(): string {
    return this.message;
  }

  /** What an answer's body holds when nobody shapes it otherwise. */
  override getResponse(): object {
    return { detail: this.publicMessage, code: this.code };
  }
}

/** The configuration cannot be used. `faults` holds every fault found, not only the first. */
export class ConfigError extends FastauthError {
  readonly code = 'invalid_config';

  constructor(readonly faults: readonly string[]) {
    super(
      `The fastauth configuration has ${faults.length} fault(s):\n${faults.map((fault) => `  - ${fault}`).join('\n')}`,
      500,
    );
  }
}

/**
 * A credential was needed and none, or no good one, was sent.
 * @see RFC 6750 section 3: the challenge carries no error code when no credential was sent.
 */
export class UnauthorizedError extends FastauthError {
  constructor(
    message: string,
    readonly code: TokenRefusalCode | 'missing_token',
  ) {
    super(message, 401);
  }
}

/** The request is malformed: a credential twice, or two credentials of one kind. @see RFC 6750 section 3.1 */
export class InvalidRequestError extends FastauthError {
  readonly code = 'invalid_request';

  constructor(
    message: string,
    status: 400 | 422 = 400,
    readonly details?: readonly InputFault[],
  ) {
    super(message, status);
  }
}

/** What is wrong with one parameter of a request. */
export interface InputFault {
  readonly parameter: string;
  readonly message: string;
}

/** A `scope` cannot be read, is not known, or is more than the session may have. @see RFC 6749 section 5.2 */
export class InvalidScopeError extends InvalidRequestError {
  constructor(fault: string) {
    super(`scope ${fault}`, 422, [{ parameter: 'scope', message: fault }]);
  }
}

/** The refresh token is not decodable, expired, spent, revoked, or not a refresh token. @see RFC 6749 section 5.2 */
export class InvalidGrantError extends FastauthError {
  readonly code = 'invalid_grant';

  constructor(message = 'Invalid refresh token') {
    super(message, 401);
  }
}

/** There is no cryptography key, so no token can be issued, refreshed or verified. */
export class CryptoKeyNotSetError extends FastauthError {
  readonly code = 'crypto_key_not_set';

  constructor() {
    super('Crypto key not set', 500);
  }
}

/** The store did not confirm that a new pair was saved; the pair is thrown away. */
export class TokenNotSavedError extends FastauthError {
  readonly code = 'token_not_saved';

  constructor(
    readonly clientId: string,
    options?: { cause?: unknown },
  ) {
    super('Token not saved. Database error', 500, options);
  }
}

const STORE_UNAVAILABLE = 'The token store is not available. Try again later.';

/**
 * The store did not answer, or not usably. Retry later: nothing was consumed. Always 503, never 401.
 * `message` says why, for operators; callers are told no more than that it is so.
 */
export class StoreUnavailableError extends FastauthError {
  readonly code = 'store_unavailable';

  /** Whether the backend was reached and answered that it failed, rather than not being reached in time. */
  readonly answered: boolean;

  constructor(
    message = STORE_UNAVAILABLE,
    /** Seconds until a retry makes sense, for `Retry-After`. */
    readonly retryAfter = 1,
    options?: { cause?: unknown; answered?: boolean },
  ) {
    super(message, 503, options);
    this.answered = options?.answered ?? false;
  }

  override get publicMessage(): string {
    return STORE_UNAVAILABLE;
  }
}

/** The issuer of the tokens could not be asked, in a resource server. Retry later. Always 503, never 401. */
export class IssuerUnavailableError extends StoreUnavailableError {
  override get publicMessage(): string {
    return 'The issuer of the tokens is not available. Try again later.';
  }
}

/** Too many attempts failed from one address; whoever comes from there has to wait. @see RFC 6585 section 4 */
export class TooManyAttemptsError extends FastauthError {
  readonly code = 'too_many_attempts';

  constructor(
    /** Seconds until a retry makes sense, for `Retry-After`. */
    readonly retryAfter: number,
  ) {
    super('Too many failed attempts. Try again later.', 429);
  }
}

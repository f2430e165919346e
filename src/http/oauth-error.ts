import { HttpException, UnsupportedMediaTypeException } from '@nestjs/common';
import {
  CryptoKeyNotSetError,
  InvalidRequestError,
  StoreUnavailableError,
  TooManyAttemptsError,
} from '../errors.js';

/** The error codes that the RFC endpoints answer with. @see RFC 6749 section 5.2, RFC 7009 section 2.2.1 */
export type OAuthErrorCode =
  'invalid_request' | 'invalid_client' | 'unauthorized_client' | 'temporarily_unavailable' | 'server_error';

/** An error in the form of RFC 6749, for endpoints that standard clients call. */
export class OAuthErrorException extends HttpException {
  /** What goes with the answer, such as the challenge of a 401 (RFC 9110 section 15.5.2). */
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    error: OAuthErrorCode,
    description: string,
    options: { cause?: unknown; headers?: Readonly<Record<string, string>> } = {},
  ) {
    super({ error, error_description: description }, status, options);
    this.message = description;
    this.headers = options.headers ?? {};
  }
}

/** An error of this package in the form of RFC 6749; anything else as it is. */
export function asOAuthError(error: unknown): unknown {
  if (error instanceof InvalidRequestError) {
    return new OAuthErrorException(400, 'invalid_request', error.message, { cause: error });
  }
  if (error instanceof UnsupportedMediaTypeException) {
    return new OAuthErrorException(415, 'invalid_request', error.message, { cause: error });
  }
  if (error instanceof StoreUnavailableError) {
    const headers = { 'Retry-After': String(error.retryAfter) };
    return new OAuthErrorException(503, 'temporarily_unavailable', error.publicMessage, {
      cause: error,
      headers,
    });
  }
  if (error instanceof TooManyAttemptsError) {
    const headers = { 'Retry-After': String(error.retryAfter) };
    return new OAuthErrorException(429, 'temporarily_unavailable', error.message, { cause: error, headers });
  }
  if (error instanceof CryptoKeyNotSetError) {
    return new OAuthErrorException(500, 'server_error', error.message, { cause: error });
  }
  return error;
}

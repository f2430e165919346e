import { HttpException } from '@nestjs/common';
import { FastauthError, InvalidRequestError } from '../errors.js';
import { EndpointAnswer } from './endpoint-answer.js';

/** The error codes that the RFC endpoints answer with. @see RFC 6749 sections 4.1.2.1 and 5.2, RFC 7009 section 2.2.1 */
export type OAuthErrorCode =
  | 'invalid_request'
  | 'invalid_client'
  | 'unauthorized_client'
  | 'invalid_grant'
  | 'unsupported_grant_type'
  | 'invalid_scope'
  | 'invalid_target'
  | 'access_denied'
  | 'temporarily_unavailable'
  | 'server_error';

/** An error in the form of RFC 6749, for endpoints that standard clients call. */
export class OAuthErrorException extends HttpException {
  /** What goes with the answer, such as the challenge of a 401 (RFC 9110 section 15.5.2). */
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    readonly error: OAuthErrorCode,
    description: string,
    options: { cause?: unknown; headers?: Readonly<Record<string, string>> } = {},
  ) {
    super({ error, error_description: description }, status, options);
    this.message = description;
    this.headers = options.headers ?? {};
  }
}

/** Any error in the form of RFC 6749. */
export function oauthError(error: HttpException): EndpointAnswer {
  if (error instanceof OAuthErrorException) {
    return new EndpointAnswer(error.getStatus(), error.getResponse() as object, error.headers);
  }
  // Standard clients know 400 for a parameter that cannot be used.
  const status = error instanceof InvalidRequestError ? 400 : error.getStatus();
  return new EndpointAnswer(status, {
    error: codeOf(status),
    error_description: error instanceof FastauthError ? error.publicMessage : error.message,
  });
}

function codeOf(status: number): OAuthErrorCode {
  switch (status) {
    case 401:
      return 'invalid_client';
    case 403:
      return 'access_denied';
    case 429:
    case 503:
      return 'temporarily_unavailable';
    default:
      return status >= 500 ? 'server_error' : 'invalid_request';
  }
}

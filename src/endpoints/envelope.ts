import type { HttpException } from '@nestjs/common';
import { FastauthError, InvalidRequestError, TokenNotSavedError } from '../errors.js';
import type { IssuedTokens } from '../tokens/issued-tokens.js';
import { EndpointAnswer } from './endpoint-answer.js';

/** The answer of the token endpoints that hand out a pair. */
export interface TokenEnvelope {
  readonly status: 'success';
  readonly message: string;
  readonly code: 200;
  readonly data: {
    readonly client_id: string;
    readonly access_token: string;
    readonly refresh_token: string;
  };
}

export function tokenEnvelope(tokens: IssuedTokens): TokenEnvelope {
  return {
    status: 'success',
    message: 'Token generated',
    code: 200,
    data: {
      client_id: tokens.clientId,
      access_token: tokens.accessToken,
      refresh_token: tokens.refreshToken,
    },
  };
}

/** An error of a token endpoint, in the original's envelope. */
export function errorEnvelope(error: HttpException): EndpointAnswer {
  const status = error.getStatus();
  return new EndpointAnswer(status, {
    status: 'error',
    message: error instanceof FastauthError ? error.publicMessage : error.message,
    code: status,
    ...(error instanceof InvalidRequestError && error.details ? { details: error.details } : {}),
    ...(error instanceof TokenNotSavedError ? { data: { client_id: error.clientId } } : {}),
  });
}

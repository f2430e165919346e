import type { HttpException } from '@nestjs/common';
import { FastauthError, InvalidRequestError, TokenNotSavedError } from '../errors.js';
import type { IssuedTokens } from '../tokens/issued-tokens.js';
import type { TokenEnvelope } from '../wire/token-envelope.js';
import { EndpointAnswer } from './endpoint-answer.js';

export function tokenEnvelope(tokens: IssuedTokens): TokenEnvelope {
  return {
    status: 'success',
    message: 'Token generated',
    code: 200,
    data: {
      client_id: tokens.clientId,
      access_token: tokens.accessToken,
      refresh_token: tokens.refreshToken,
      ...(tokens.scope === undefined ? {} : { scope: tokens.scope }),
    },
  };
}

/** The same where the tokens are in cookies, and so are not in the body. */
export function cookieEnvelope({ clientId, scope }: IssuedTokens): object {
  const data = { client_id: clientId, ...(scope === undefined ? {} : { scope }) };
  return { status: 'success', message: 'Token generated', code: 200, data };
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

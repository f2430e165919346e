import type { HttpException } from '@nestjs/common';
import { FastauthError } from '../errors.js';
import { EndpointAnswer } from './endpoint-answer.js';

/** An error of a published document, as Nest tells its own. */
export function documentError(error: HttpException): EndpointAnswer {
  const statusCode = error.getStatus();
  const message = error instanceof FastauthError ? error.publicMessage : error.message;
  return new EndpointAnswer(statusCode, { statusCode, message });
}

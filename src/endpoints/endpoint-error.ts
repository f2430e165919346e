import { HttpException, InternalServerErrorException, Logger } from '@nestjs/common';
import {
  AccessDeniedException,
  type Challenger,
  denialBody,
  denialHeaders,
  type Denial,
} from '../access/denial.js';
import type { RawRequest } from '../access/request-access.js';
import { correlationIdOfRequest } from '../events/correlation-id.js';
import { InvalidGrantError, StoreUnavailableError, TooManyAttemptsError } from '../errors.js';
import { EndpointAnswer } from './endpoint-answer.js';

/** How an endpoint tells an error: in the original's envelope, as RFC 6749 has it, or as Nest does. */
export type ErrorForm = (error: HttpException) => EndpointAnswer;

/**
 * The answer to whatever was thrown before an endpoint, or in it. What a guard of ours refuses is told as everywhere;
 * the rest in the endpoint's own form.
 */
export function answerToError(thrown: unknown, form: ErrorForm): EndpointAnswer {
  if (thrown instanceof AccessDeniedException) {
    // The guard has set the headers that go with it.
    return new EndpointAnswer(thrown.getStatus(), thrown.getResponse() as object);
  }
  const error = asHttpException(thrown);
  const { status, body, headers } = form(error);
  return new EndpointAnswer(status, body, { ...headersOf(error), ...headers });
}

/** The answer to what the gate refuses in an endpoint, as everywhere. */
export function answerToDenial(denial: Denial, request: RawRequest, challenger: Challenger): EndpointAnswer {
  const headers = denialHeaders(denial, challenger, correlationIdOfRequest(request));
  return new EndpointAnswer(denial.status, denialBody(denial), headers);
}

/** Also of another copy of Nest's, and of the kind that Express's middleware throws. */
function asHttpException(thrown: unknown): HttpException {
  if (thrown instanceof HttpException) return thrown;
  if (isLikeHttpException(thrown)) return new HttpException(thrown.message, thrown.getStatus());
  if (isHttpError(thrown)) return new HttpException(thrown.message, thrown.statusCode);
  new Logger('Fastauth').error(thrown);
  return new InternalServerErrorException('Internal server error');
}

function isLikeHttpException(thrown: unknown): thrown is Error & { getStatus(): number } {
  return thrown instanceof Error && 'getStatus' in thrown && typeof thrown.getStatus === 'function';
}

function isHttpError(thrown: unknown): thrown is Error & { statusCode: number } {
  return (
    thrown instanceof Error &&
    'expose' in thrown &&
    thrown.expose === true &&
    'statusCode' in thrown &&
    typeof thrown.statusCode === 'number'
  );
}

function headersOf(error: HttpException): Record<string, string> {
  if (error instanceof StoreUnavailableError || error instanceof TooManyAttemptsError)
    return { 'Retry-After': String(error.retryAfter) };
  if (error instanceof InvalidGrantError) return { 'WWW-Authenticate': 'Bearer error="invalid_token"' };
  return {};
}

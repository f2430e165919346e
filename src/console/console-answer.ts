import type { HttpException } from '@nestjs/common';
import { EndpointAnswer } from '../endpoints/endpoint-answer.js';
import { errorEnvelope } from '../endpoints/envelope.js';

/** Everything from the own origin, nothing inline, in nobody's frame, kept nowhere. */
const HEADERS = Object.freeze({
  'Content-Security-Policy':
    "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'",
  'X-Frame-Options': 'DENY',
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Cache-Control': 'no-store',
});

/** An answer of the console, with its headers. */
export function consoleAnswer({ status, body, headers, cookies }: EndpointAnswer): EndpointAnswer {
  return new EndpointAnswer(status, body, { ...headers, ...HEADERS }, cookies);
}

/** An error of the console, in the envelope of the token endpoints. */
export function consoleError(error: HttpException): EndpointAnswer {
  return consoleAnswer(errorEnvelope(error));
}

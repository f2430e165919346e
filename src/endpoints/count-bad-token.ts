import { rawRequest, type AnyRequest } from '../access/request-access.js';
import { TooManyAttemptsError } from '../errors.js';
import type { AttemptLimiter } from '../limits/attempt-limiter.js';
import type { TokenRequest } from './token-request.js';

/** Tells of a bad token, and counts it. @throws TooManyAttemptsError there were too many from where it came */
export function countBadToken(
  limiter: AttemptLimiter,
  at: 'refresh' | 'revoke' | 'introspect',
  request: TokenRequest,
): void {
  const wait = limiter.refused(at, rawRequest(request as unknown as AnyRequest));
  if (wait !== undefined) throw new TooManyAttemptsError(wait);
}

import { Inject } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { AttemptLimiter } from '../access/attempt-limiter.js';
import { rawRequest, type AnyRequest } from '../access/request-access.js';
import { TooManyAttemptsError } from '../errors.js';
import { correlationIdOf } from '../telemetry/correlation-id.js';
import { FastauthEvents } from '../telemetry/fastauth-events.js';
import { forbidCaching } from './forbid-caching.js';
import { asOAuthError, OAuthErrorException } from './oauth-error.js';
import type { TokenRequest } from './token-request.js';

/** What the endpoints that RFCs define have in common: answers that are never cached, errors as RFC 6749 has them. */
export abstract class OAuthEndpoint {
  @Inject(FastauthEvents)
  private readonly events!: FastauthEvents;

  @Inject(AttemptLimiter)
  private readonly limiter!: AttemptLimiter;

  @Inject(HttpAdapterHost)
  protected readonly adapterHost!: HttpAdapterHost;

  protected async answer<T>(request: TokenRequest, response: unknown, act: () => Promise<T>): Promise<T> {
    const { httpAdapter } = this.adapterHost;
    forbidCaching(httpAdapter, request, response);
    try {
      return await this.events.correlated(
        correlationIdOf(request.headers),
        act,
        this.limiter.addressOf(sourceOf(request)),
      );
    } catch (error) {
      const answer = asOAuthError(error);
      if (answer instanceof OAuthErrorException) {
        for (const [name, value] of Object.entries(answer.headers))
          httpAdapter.setHeader(response, name, value);
      }
      throw answer;
    }
  }

  /** Tells of a bad token, and counts it. @throws TooManyAttemptsError there were too many from where it came */
  protected countBadToken(at: 'revoke' | 'introspect', request: TokenRequest): void {
    const wait = this.limiter.refused(at, sourceOf(request));
    if (wait !== undefined) throw new TooManyAttemptsError(wait);
  }
}

function sourceOf(request: TokenRequest): ReturnType<typeof rawRequest> {
  return rawRequest(request as unknown as AnyRequest);
}

import { Inject } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { StoreUnavailableError } from '../errors.js';
import { correlationIdOf } from '../telemetry/correlation-id.js';
import { FastauthEvents } from '../telemetry/fastauth-events.js';
import { forbidCaching } from './forbid-caching.js';
import { asOAuthError } from './oauth-error.js';
import type { TokenRequest } from './token-request.js';

/** What the endpoints that RFCs define have in common: answers that are never cached, errors as RFC 6749 has them. */
export abstract class OAuthEndpoint {
  @Inject(FastauthEvents)
  private readonly events!: FastauthEvents;

  @Inject(HttpAdapterHost)
  protected readonly adapterHost!: HttpAdapterHost;

  protected async answer<T>(request: TokenRequest, response: unknown, act: () => Promise<T>): Promise<T> {
    const { httpAdapter } = this.adapterHost;
    forbidCaching(httpAdapter, request, response);
    try {
      return await this.events.correlated(correlationIdOf(request.headers), act);
    } catch (error) {
      if (error instanceof StoreUnavailableError) {
        httpAdapter.setHeader(response, 'Retry-After', String(error.retryAfter));
      }
      throw asOAuthError(error);
    }
  }
}

import { Controller, HttpCode, Inject, Post } from '@nestjs/common';
import { ConfiguredAccess } from '../access/decorators.js';
import { FASTAUTH_CONFIG, type FastauthConfig } from '../config/fastauth-config.js';
import { AttemptLimiter } from '../limits/attempt-limiter.js';
import type { TokenState } from '../tokens/token-inspector.js';
import { TokenService } from '../tokens/token.service.js';
import { countBadToken } from './count-bad-token.js';
import { Endpoint } from './endpoint.js';
import { oauthError } from './oauth-error.js';
import { invalid, readParameter, type TokenRequest } from './token-request.js';

/**
 * Tells resource servers whether a token is good. Needs the master token, unless `introspection-access` says otherwise.
 * @see RFC 7662
 */
@Controller()
export class IntrospectionController {
  @Inject(TokenService)
  private readonly tokens!: TokenService;

  @Inject(FASTAUTH_CONFIG)
  private readonly config!: FastauthConfig;

  @Inject(AttemptLimiter)
  private readonly limiter!: AttemptLimiter;

  @Post('token/introspect')
  @HttpCode(200)
  @ConfiguredAccess('introspection')
  @Endpoint(oauthError)
  async introspectToken(request: TokenRequest): Promise<object> {
    const token = readParameter(request, 'token');
    if (!token) throw invalid('token', 'is required');
    const state = await this.tokens.introspect(token);
    // Whoever holds the master token asks about tokens that others brought.
    if (!state.active && this.config.introspectionAccess !== 'master')
      countBadToken(this.limiter, 'introspect', request);
    return introspectionResponse(state);
  }
}

/** @see RFC 7662 section 2.2: an inactive token's answer holds nothing else */
function introspectionResponse(state: TokenState): object {
  if (!state.active) return { active: false };
  const { fam: _family, gen: _generation, fa_defaults: _defaults, ...claims } = state.claims;
  return { ...claims, active: true, ...(state.type === 'access' ? { token_type: 'Bearer' } : {}) };
}

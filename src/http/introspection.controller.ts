import { Controller, HttpCode, Inject, Post, Req, Res } from '@nestjs/common';
import { ConfiguredAccess } from '../access/decorators.js';
import { FASTAUTH_CONFIG, type FastauthConfig } from '../config/fastauth-config.js';
import type { TokenState } from '../tokens/token-inspector.js';
import { TokenService } from '../tokens/token.service.js';
import { OAuthEndpoint } from './oauth.endpoint.js';
import { invalid, readParameter, type TokenRequest } from './token-request.js';

/**
 * Tells resource servers whether a token is good. Needs the master token, unless `introspection-access` says otherwise.
 * @see RFC 7662
 */
@Controller()
export class IntrospectionController extends OAuthEndpoint {
  @Inject(TokenService)
  private readonly tokens!: TokenService;

  @Inject(FASTAUTH_CONFIG)
  private readonly config!: FastauthConfig;

  @Post('token/introspect')
  @HttpCode(200)
  @ConfiguredAccess('introspection')
  introspectToken(
    @Req() request: TokenRequest,
    @Res({ passthrough: true }) response: unknown,
  ): Promise<object> {
    return this.answer(request, response, async () => {
      const token = readParameter(request, 'token');
      if (!token) throw invalid('token', 'is required');
      const state = await this.tokens.introspect(token);
      // Whoever holds the master token asks about tokens that others brought.
      if (!state.active && this.config.introspectionAccess !== 'master')
        this.countBadToken('introspect', request);
      return introspectionResponse(state);
    });
  }
}

/** @see RFC 7662 section 2.2: an inactive token's answer holds nothing else */
function introspectionResponse(state: TokenState): object {
  if (!state.active) return { active: false };
  const { fam: _family, gen: _generation, fa_defaults: _defaults, ...claims } = state.claims;
  return { ...claims, active: true, ...(state.type === 'access' ? { token_type: 'Bearer' } : {}) };
}

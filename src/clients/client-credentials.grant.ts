import { Inject, Injectable } from '@nestjs/common';
import { FASTAUTH_CONFIG, type FastauthConfig } from '../config/fastauth-config.js';
import { TokenService } from '../tokens/token.service.js';
import { ClientRegistry, type RegisteredClient } from './client-registry.js';
import { OAuthRequestError } from './oauth-request.error.js';
import { grantedScopes } from './requested-scope.js';
import type { GrantRequest, TokenAnswer } from './token-answer.js';

/** A token for the client itself: one session per grant, no refresh token. @see RFC 6749 section 4.4, RFC 8707 */
@Injectable()
export class ClientCredentialsGrant {
  constructor(
    @Inject(FASTAUTH_CONFIG) private readonly config: Pick<FastauthConfig, 'tokenFormat'>,
    private readonly registry: ClientRegistry,
    private readonly tokens: TokenService,
  ) {}

  /**
   * @throws OAuthRequestError it asks for what the client may not have
   * @throws StoreUnavailableError | TokenNotSavedError nothing was issued
   */
  async answer(client: RegisteredClient, { scope, resources }: GrantRequest): Promise<TokenAnswer> {
    const { clientId, scopes, audiences, accessTokenExpiresIn } = client.record;
    const granted = grantedScopes(scope, scopes);
    if (!resources.every((resource) => audiences.includes(resource))) {
      throw new OAuthRequestError('invalid_target', 'The client may not ask for a token for this resource');
    }
    // Such tokens say nothing, not whom they are for either.
    if (resources.length > 0 && this.config.tokenFormat === 'opaque') {
      throw new OAuthRequestError('invalid_target', 'Opaque tokens are for no resource in particular');
    }
    const issued = await this.tokens.issueAccessOnly({
      clientId,
      scopes: granted,
      audience: [...new Set(resources)],
      expiresIn: accessTokenExpiresIn,
    });
    // Whoever disabled the client since may have ended its sessions before this one began.
    if (!(await this.registry.isStillEnabled(client))) {
      await this.tokens.revoke(issued);
      throw new OAuthRequestError('invalid_client', 'Client authentication failed');
    }
    return {
      access_token: issued.accessToken,
      token_type: 'Bearer',
      expires_in: issued.accessExpiresAt - issued.issuedAt,
      ...(granted.length > 0 ? { scope: granted.join(' ') } : {}),
    };
  }
}

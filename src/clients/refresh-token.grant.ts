import { Inject, Injectable } from '@nestjs/common';
import { Clock } from '../clock.js';
import { InvalidGrantError, InvalidScopeError } from '../errors.js';
import { parseScope } from '../tokens/scopes.js';
import { TokenService } from '../tokens/token.service.js';
import { ClientRegistry, type RegisteredClient } from './client-registry.js';
import { OAuthRequestError } from './oauth-request.error.js';
import { requestedScopes } from './requested-scope.js';
import type { GrantRequest, TokenAnswer } from './token-answer.js';

/** A new pair for a refresh token of the client that asks. @see RFC 6749 section 6 */
@Injectable()
export class RefreshTokenGrant {
  constructor(
    private readonly registry: ClientRegistry,
    private readonly tokens: TokenService,
    @Inject(Clock) private readonly clock: Clock,
  ) {}

  /**
   * @throws OAuthRequestError the token is not good, or another client's, whose session goes on
   * @throws StoreUnavailableError | TokenNotSavedError nothing was consumed
   */
  async answer(
    client: RegisteredClient,
    { refreshToken, scope, resources }: GrantRequest,
  ): Promise<TokenAnswer> {
    if (refreshToken === undefined) {
      throw new OAuthRequestError('invalid_request', 'refresh_token is missing');
    }
    if (resources.length > 0) {
      throw new OAuthRequestError('invalid_target', 'A refresh does not change whom a token is for');
    }
    if ((await this.tokens.ownerOf(refreshToken)) !== client.record.clientId) throw notGood();
    const scopes = requestedScopes(scope);
    const tokens = await this.tokens.refresh(refreshToken, { scopes }).catch((error: unknown) => {
      if (error instanceof InvalidScopeError) throw new OAuthRequestError('invalid_scope', error.message);
      throw error instanceof InvalidGrantError ? notGood() : error;
    });
    if (!mayStill(client, tokens.scope)) {
      await this.tokens.revoke(tokens);
      throw new OAuthRequestError(
        'invalid_grant',
        'The client may do less now than its session was granted; let it ask for a new grant',
      );
    }
    if (!(await this.registry.isStillEnabled(client))) {
      await this.tokens.revoke(tokens);
      throw new OAuthRequestError('invalid_client', 'Client authentication failed');
    }
    return {
      access_token: tokens.accessToken,
      token_type: 'Bearer',
      expires_in: Math.max(1, tokens.accessExpiresAt - Math.floor(this.clock.now() / 1000)),
      refresh_token: tokens.refreshToken,
      ...(tokens.scope === undefined ? {} : { scope: tokens.scope }),
    };
  }
}

/** Whether all that a session may is among what its client may at present. */
function mayStill({ record }: RegisteredClient, scope: string | undefined): boolean {
  return (scope === undefined ? [] : parseScope(scope)).every((name) => record.scopes.includes(name));
}

function notGood(): OAuthRequestError {
  return new OAuthRequestError(
    'invalid_grant',
    'The refresh token is not good (any more), or not of this client',
  );
}

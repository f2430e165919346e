import { Controller, Get, HttpCode, Inject, Post } from '@nestjs/common';
import { Public } from '../access/decorators.js';
import { ClientAuthenticator } from '../clients/client-authenticator.js';
import { ClientCredentialsGrant } from '../clients/client-credentials.grant.js';
import { OAuthRequestError } from '../clients/oauth-request.error.js';
import { RefreshTokenGrant } from '../clients/refresh-token.grant.js';
import { FASTAUTH_CONFIG, type FastauthConfig } from '../config/fastauth-config.js';
import { authenticateClient, readCredentialParameters, tellingClients } from './client-request.js';
import { Endpoint } from './endpoint.js';
import { EndpointAnswer } from './endpoint-answer.js';
import { FormGuard } from './form.guard.js';
import { oauthError } from './oauth-error.js';
import { readParameter, readParameters, type TokenRequest } from './token-request.js';

/** As RFC 6749 section 5.1 asks, beside the `Cache-Control: no-store` of all our answers. */
const NOT_KEPT = { 'Cache-Control': 'no-store', Pragma: 'no-cache' };

export const NO_AUTHORIZATION = 'No grant begins here; use client_credentials at the token endpoint';

/**
 * The OAuth 2.0 token endpoint, for clients that authenticate themselves; it is there with `token-endpoint` alone.
 * @see RFC 6749 sections 3.2, 4.4 and 6
 */
@Controller()
export class OAuthTokenController {
  @Inject(FASTAUTH_CONFIG)
  private readonly config!: FastauthConfig;

  @Inject(ClientAuthenticator)
  private readonly authenticator!: ClientAuthenticator;

  @Inject(ClientCredentialsGrant)
  private readonly clientCredentials!: ClientCredentialsGrant;

  @Inject(RefreshTokenGrant)
  private readonly refreshToken!: RefreshTokenGrant;

  @Post('token')
  @HttpCode(200)
  @Public()
  @Endpoint(uncachedOauthError, FormGuard)
  async grantToken(request: TokenRequest): Promise<EndpointAnswer> {
    const answer = await tellingClients(this.config.appName, this.granted(request));
    return new EndpointAnswer(200, answer, NOT_KEPT);
  }

  /**
   * No grant of ours begins in a browser. Some clients demand that the metadata name an authorization endpoint all the
   * same, so there is one, which says so. @see RFC 6749 section 4.1.2.1
   */
  @Get('authorize')
  @HttpCode(400)
  @Public()
  @Endpoint(uncachedOauthError)
  refuseAuthorization(): EndpointAnswer {
    return new EndpointAnswer(
      400,
      { error: 'unsupported_response_type', error_description: NO_AUTHORIZATION },
      NOT_KEPT,
    );
  }

  private async granted(request: TokenRequest): Promise<object> {
    const sent = readCredentialParameters(request);
    const grantType = readParameter(request, 'grant_type');
    const asked = {
      scope: readParameter(request, 'scope'),
      resources: readParameters(request, 'resource'),
      refreshToken: readParameter(request, 'refresh_token'),
    };
    if (grantType === undefined) throw new OAuthRequestError('invalid_request', 'grant_type is missing');
    const client = await authenticateClient(request, sent, this.authenticator);
    if (grantType !== 'client_credentials' && grantType !== 'refresh_token') {
      throw new OAuthRequestError(
        'unsupported_grant_type',
        'grant_type is neither client_credentials nor refresh_token',
      );
    }
    if (!client.record.grants.includes(grantType)) {
      throw new OAuthRequestError('unauthorized_client', `The client may not use ${grantType}`);
    }
    return grantType === 'client_credentials'
      ? this.clientCredentials.answer(client, asked)
      : this.refreshToken.answer(client, asked);
  }
}

function uncachedOauthError(error: Parameters<typeof oauthError>[0]): EndpointAnswer {
  const { status, body, headers } = oauthError(error);
  return new EndpointAnswer(status, body, { ...headers, ...NOT_KEPT });
}

import { Controller, HttpCode, Inject, Post } from '@nestjs/common';
import { Public } from '../access/decorators.js';
import { MASTER } from '../access/requirement.js';
import { denialHeaders, type Denial } from '../access/denial.js';
import { Gate } from '../access/gate.js';
import { rawRequest, type AnyRequest } from '../access/request-access.js';
import { ClientAuthenticator } from '../clients/client-authenticator.js';
import { ClientRegistry, type RegisteredClient } from '../clients/client-registry.js';
import { OAuthRequestError } from '../clients/oauth-request.error.js';
import { FASTAUTH_CONFIG, type FastauthConfig } from '../config/fastauth-config.js';
import { correlationIdOfRequest } from '../events/correlation-id.js';
import { AttemptLimiter } from '../limits/attempt-limiter.js';
import { clientIdFault } from '../sessions/client-id.js';
import { TokenService } from '../tokens/token.service.js';
import { clientOf, tellingClients } from './client-request.js';
import { countBadToken } from './count-bad-token.js';
import { Endpoint } from './endpoint.js';
import { oauthError, OAuthErrorException, type OAuthErrorCode } from './oauth-error.js';
import { invalid, readParameter, type TokenRequest } from './token-request.js';

/** What callers are told who name both. */
export const TOKEN_AND_CLIENT = 'token ends one session, client_id all of a client: send one of them';

/**
 * Ends sessions. Whoever holds a token may end its session; a client that authenticates itself ends its own alone; the
 * master token's holder may also end all sessions of a client, by `client_id` without `token`. The answer is 200 for
 * unknown tokens, too.
 * @see RFC 7009
 */
@Controller()
export class RevocationController {
  @Inject(TokenService)
  private readonly tokens!: TokenService;

  @Inject(FASTAUTH_CONFIG)
  private readonly config!: FastauthConfig;

  @Inject(Gate)
  private readonly gate!: Gate;

  @Inject(AttemptLimiter)
  private readonly limiter!: AttemptLimiter;

  @Inject(ClientRegistry)
  private readonly clients!: ClientRegistry;

  @Inject(ClientAuthenticator)
  private readonly authenticator!: ClientAuthenticator;

  @Post('token/revoke')
  @HttpCode(200)
  @Public()
  @Endpoint(oauthError)
  revokeToken(request: TokenRequest): Promise<object> {
    return tellingClients(this.config.appName, this.revoke(request));
  }

  private async revoke(request: TokenRequest): Promise<object> {
    const client = await clientOf(request, this.clients, this.authenticator);
    return client ? this.revokeOwn(request, client) : this.revokeAny(request);
  }

  /** @throws OAuthRequestError the token is another client's, whose session goes on: RFC 7009 section 2.1 */
  private async revokeOwn(request: TokenRequest, client: RegisteredClient): Promise<object> {
    const token = readParameter(request, 'token');
    if (!token) throw invalid('token', 'is required');
    const session = await this.tokens.sessionToRevoke(token);
    if (session === undefined) return {};
    if (session.clientId !== client.record.clientId) {
      throw new OAuthRequestError('invalid_grant', 'The token was issued to another client');
    }
    await this.tokens.revoke(session);
    return {};
  }

  private async revokeAny(request: TokenRequest): Promise<object> {
    const isMaster = await this.isMaster(request);
    const token = readParameter(request, 'token');
    const clientId = readParameter(request, 'client_id');
    if (token !== undefined && clientId !== undefined) {
      // One of them would go on living, and nobody would be told.
      throw new OAuthErrorException(422, 'invalid_request', TOKEN_AND_CLIENT);
    }
    if (token) {
      const ended = await this.tokens.revokeToken(token);
      if (!ended && !isMaster) countBadToken(this.limiter, 'revoke', request);
      return {};
    }
    if (!isMaster || clientId === undefined) throw invalid('token', 'is required');
    const fault = clientIdFault(clientId);
    if (fault) throw invalid('client_id', fault);
    await this.tokens.revokeClient(clientId);
    return {};
  }

  /** @throws OAuthErrorException a master token was sent, and is wrong or not listened to */
  private async isMaster(request: TokenRequest): Promise<boolean> {
    const raw = rawRequest(request as unknown as AnyRequest);
    if (raw.headers['master-token'] === undefined) return false;
    const denial = await this.gate.admit(this.gate.callOf(raw), MASTER);
    if (denial === undefined) return true;
    const headers = denialHeaders(denial, this.config, correlationIdOfRequest(raw));
    throw new OAuthErrorException(denial.status, errorOf(denial), denial.detail, { headers });
  }
}

function errorOf({ status }: Denial): OAuthErrorCode {
  if (status === 400) return 'invalid_request';
  return status === 401 ? 'invalid_client' : 'temporarily_unavailable';
}

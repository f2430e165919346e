import { Controller, HttpCode, Inject, Post } from '@nestjs/common';
import { AccessPolicy } from '../access/access-policy.js';
import { ConfiguredAccess } from '../access/decorators.js';
import { Gate } from '../access/gate.js';
import { rawRequest, type AnyRequest } from '../access/request-access.js';
import { MASTER, type Requirement } from '../access/requirement.js';
import { ClientAuthenticator } from '../clients/client-authenticator.js';
import { ClientRegistry, type RegisteredClient } from '../clients/client-registry.js';
import { FASTAUTH_CONFIG, type FastauthConfig } from '../config/fastauth-config.js';
import { AttemptLimiter } from '../limits/attempt-limiter.js';
import { isNamed } from '../tokens/claim-rules.js';
import type { TokenState } from '../tokens/token-inspector.js';
import { TokenService } from '../tokens/token.service.js';
import { clientOf, tellingClients } from './client-request.js';
import { countBadToken } from './count-bad-token.js';
import { Endpoint } from './endpoint.js';
import { answerToDenial } from './endpoint-error.js';
import { oauthError, OAuthErrorException } from './oauth-error.js';
import { invalid, readParameter, type TokenRequest } from './token-request.js';

/** What a client is told that has no right to introspect. */
export const MAY_NOT_INTROSPECT = 'The client may not introspect tokens: it needs the right "introspect"';

const INACTIVE: TokenState = Object.freeze({ active: false });

/**
 * Tells resource servers whether a token is good: clients that authenticate themselves and may introspect, and those who
 * bring the master token, or what `introspection-access` says instead.
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

  @Inject(AccessPolicy)
  private readonly policy!: AccessPolicy;

  @Inject(Gate)
  private readonly gate!: Gate;

  @Inject(ClientRegistry)
  private readonly clients!: ClientRegistry;

  @Inject(ClientAuthenticator)
  private readonly authenticator!: ClientAuthenticator;

  @Post('token/introspect')
  @HttpCode(200)
  @ConfiguredAccess('introspection')
  @Endpoint(oauthError)
  async introspectToken(request: TokenRequest): Promise<object> {
    const client = await tellingClients(
      this.config.appName,
      clientOf(request, this.clients, this.authenticator),
    );
    return introspectionResponse(
      client ? await this.stateForClient(request, client) : await this.stateForOthers(request),
    );
  }

  /** @throws OAuthErrorException (403) the client may not introspect */
  private async stateForClient(request: TokenRequest, { record }: RegisteredClient): Promise<TokenState> {
    if (!record.mayIntrospect) throw new OAuthErrorException(403, 'unauthorized_client', MAY_NOT_INTROSPECT);
    const state = await this.tokens.introspectForAnybody(readToken(request));
    return state.active && isFor(state.claims['aud'], record) ? state : INACTIVE;
  }

  /** @throws EndpointAnswer a refusal */
  private async stateForOthers(request: TokenRequest): Promise<TokenState> {
    await this.assertMay(request, this.policy.requirementOfEndpoint('introspection'));
    const isMaster =
      this.config.introspectionAccess === 'master' || rawOf(request).headers['master-token'] !== undefined;
    if (isMaster) await this.assertMay(request, MASTER);
    const token = readToken(request);
    if (isMaster) return this.tokens.introspectForAnybody(token);
    const state = await this.tokens.introspect(token);
    // Whoever holds the master token asks about tokens that others brought; so do clients.
    if (!state.active) countBadToken(this.limiter, 'introspect', request);
    return state;
  }

  private async assertMay(request: TokenRequest, requirement: Requirement): Promise<void> {
    const raw = rawOf(request);
    const denial = await this.gate.admit(this.gate.callOf(raw), requirement);
    if (denial) throw answerToDenial(denial, raw, this.config);
  }
}

function rawOf(request: TokenRequest): ReturnType<typeof rawRequest> {
  return rawRequest(request as unknown as AnyRequest);
}

/** @throws InvalidRequestError */
function readToken(request: TokenRequest): string {
  const token = readParameter(request, 'token');
  if (!token) throw invalid('token', 'is required');
  return token;
}

/** Whether a token may be told of to this client: it names the client or a resource of its, or nobody. */
function isFor(aud: unknown, { clientId, audiences }: RegisteredClient['record']): boolean {
  return aud === undefined || isNamed(aud, [clientId, ...audiences]);
}

/** @see RFC 7662 section 2.2: an inactive token's answer holds nothing else */
function introspectionResponse(state: TokenState): object {
  if (!state.active) return { active: false };
  const { fam: _family, gen: _generation, fa_defaults: _defaults, ...claims } = state.claims;
  return { ...claims, active: true, ...(state.type === 'access' ? { token_type: 'Bearer' } : {}) };
}

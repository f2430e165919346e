import { Controller, Get, HttpCode, Inject, Post } from '@nestjs/common';
import { Gate } from '../access/gate.js';
import { rawRequest, type AnyRequest } from '../access/request-access.js';
import { MASTER, NONE } from '../access/requirement.js';
import { FASTAUTH_CONFIG, type FastauthConfig } from '../config/fastauth-config.js';
import { parseScope } from '../tokens/scopes.js';
import { ConfiguredAccess, Public } from '../access/decorators.js';
import { ClientRegistry } from '../clients/client-registry.js';
import { InvalidGrantError } from '../errors.js';
import { AttemptLimiter } from '../limits/attempt-limiter.js';
import type { IssuedTokens } from '../tokens/issued-tokens.js';
import { TokenService } from '../tokens/token.service.js';
import { countBadToken } from './count-bad-token.js';
import { Endpoint } from './endpoint.js';
import { EndpointAnswer } from './endpoint-answer.js';
import { answerToDenial, answerToError } from './endpoint-error.js';
import { cookieEnvelope, errorEnvelope, tokenEnvelope } from './envelope.js';
import { TokenCookies } from './token-cookies.js';
import { invalid, readParameter, type TokenRequest } from './token-request.js';

/**
 * The token endpoints. Its routes, guards and answers stay as they are; to issue in your own way, subclass it,
 * override {@link issueTokens} or {@link refreshTokens}, and register the class as `forRoot({ tokenController })`.
 * (Do not override the route methods: Nest would lose their routes.)
 *
 * @example
 * class DeviceTokenController extends TokenController {
 *   protected override async issueTokens(clientId: string | undefined) {
 *     return this.tokens.issue({ clientId, claims: { fleet: 'north' }, accessTokenExpiresIn: 3600 });
 *   }
 * }
 */
@Controller()
export class TokenController {
  @Inject(TokenService)
  protected readonly tokens!: TokenService;

  @Inject(AttemptLimiter)
  private readonly limiter!: AttemptLimiter;

  @Inject(Gate)
  private readonly gate!: Gate;

  @Inject(FASTAUTH_CONFIG)
  private readonly config!: FastauthConfig;

  @Inject(TokenCookies)
  private readonly cookies!: TokenCookies;

  @Inject(ClientRegistry)
  private readonly clientRegistry!: ClientRegistry;

  @Get('token/new')
  @ConfiguredAccess('issuance')
  @Endpoint(errorEnvelope)
  getNewToken(request: TokenRequest): Promise<object> {
    return this.answerIssue(request);
  }

  @Post('token/new')
  @HttpCode(200)
  @ConfiguredAccess('issuance')
  @Endpoint(errorEnvelope)
  postNewToken(request: TokenRequest): Promise<object> {
    return this.answerIssue(request);
  }

  @Get('token/refresh')
  @Public()
  @Endpoint(errorEnvelope)
  getRefreshedToken(request: TokenRequest): Promise<object> {
    return this.answerRefresh(request);
  }

  @Post('token/refresh')
  @HttpCode(200)
  @Public()
  @Endpoint(errorEnvelope)
  postRefreshedToken(request: TokenRequest): Promise<object> {
    return this.answerRefresh(request);
  }

  /**
   * Issues a pair. Override it to look the client up, to refuse (throw an `HttpException`), or to add claims,
   * a label and lifetimes of your own.
   * @param clientId as it was sent; undefined if it was not
   * @param scopes as they were sent, by whoever holds the master token; undefined if they were not
   */
  protected issueTokens(
    clientId: string | undefined,
    _request: TokenRequest,
    scopes?: readonly string[],
  ): Promise<IssuedTokens> {
    return this.tokens.issue({ clientId, scopes });
  }

  /**
   * Spends a refresh token for a new pair. Override it to add checks of your own before.
   * @param scopes of the session's scopes those that the new access token should have; undefined: all
   */
  protected refreshTokens(
    refreshToken: string,
    _request: TokenRequest,
    scopes?: readonly string[],
  ): Promise<IssuedTokens> {
    return this.tokens.refresh(refreshToken, { scopes });
  }

  private async answerIssue(request: TokenRequest): Promise<object> {
    if (request.method === 'HEAD') return HEAD_ISSUES_NOTHING;
    const clientId = readParameter(request, 'client_id');
    const scopes = readScopes(request);
    const isOpen = this.config.publicTokenIssuance;
    if (isOpen && (scopes !== undefined || (await this.isRegistered(clientId)))) {
      await this.assertMaster(request);
    }
    return tokenEnvelope(await this.issueTokens(clientId, request, scopes));
  }

  private async isRegistered(clientId: string | undefined): Promise<boolean> {
    return clientId !== undefined && this.clientRegistry.isRegistered(clientId);
  }

  /**
   * Where anybody may be issued tokens, nobody may give himself scopes, nor take the identifier of a client that has
   * credentials. @throws EndpointAnswer a refusal
   */
  private async assertMaster(request: TokenRequest): Promise<void> {
    const raw = rawRequest(request as unknown as AnyRequest);
    const denial = await this.gate.admit(this.gate.callOf(raw), MASTER);
    if (denial) throw answerToDenial(denial, raw, this.config);
  }

  private async answerRefresh(request: TokenRequest): Promise<object> {
    if (request.method === 'HEAD') return HEAD_ISSUES_NOTHING;
    const refreshToken = readParameter(request, 'refresh_token');
    if (refreshToken !== undefined) return tokenEnvelope(await this.refreshCounted(refreshToken, request));
    const byCookie = this.refreshTokenInCookie(request);
    if (byCookie === undefined) throw invalid('refresh_token', 'is required');
    try {
      const tokens = await this.refreshCounted(byCookie, request);
      return new EndpointAnswer(200, cookieEnvelope(tokens), {}, this.cookies.cookiesOf(tokens));
    } catch (error) {
      if (!(error instanceof InvalidGrantError)) throw error;
      const { status, body, headers } = answerToError(error, errorEnvelope);
      return new EndpointAnswer(status, body, headers, this.cookies.noCookies());
    }
  }

  private async refreshCounted(refreshToken: string, request: TokenRequest): Promise<IssuedTokens> {
    try {
      await this.assertMayRefreshHere(refreshToken);
      return await this.refreshTokens(refreshToken, request, readScopes(request));
    } catch (error) {
      if (error instanceof InvalidGrantError) countBadToken(this.limiter, 'refresh', request);
      throw error;
    }
  }

  /** Of a POST alone: browsers send cookies with GETs of any page. @throws EndpointAnswer a refusal */
  private refreshTokenInCookie(request: TokenRequest): string | undefined {
    if (request.method !== 'POST') return undefined;
    const raw = rawRequest(request as unknown as AnyRequest);
    const token = this.cookies.refreshTokenOf(raw);
    if (token === undefined || typeof token === 'string') return token;
    const denial = this.gate.refuse(token, this.gate.callOf(raw), NONE);
    throw answerToDenial(denial, raw, this.config);
  }

  /** A client that has credentials shows them when it refreshes. @see RFC 6749 section 6 */
  private async assertMayRefreshHere(refreshToken: string): Promise<void> {
    if (!this.clientRegistry.isOn) return;
    const owner = await this.tokens.ownerOf(refreshToken);
    if (owner !== undefined && (await this.clientRegistry.isRegistered(owner))) throw new InvalidGrantError();
  }
}

/** @throws InvalidScopeError it is not names with one space between */
function readScopes(request: TokenRequest): readonly string[] | undefined {
  const scope = readParameter(request, 'scope');
  return scope === undefined || scope === '' ? undefined : parseScope(scope);
}

const HEAD_ISSUES_NOTHING = new EndpointAnswer(
  405,
  { status: 'error', message: 'HEAD issues nothing', code: 405 },
  { Allow: 'GET, POST' },
);

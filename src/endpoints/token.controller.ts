import { Controller, Get, HttpCode, Inject, Post } from '@nestjs/common';
import { ConfiguredAccess, Public } from '../access/decorators.js';
import { InvalidGrantError } from '../errors.js';
import { AttemptLimiter } from '../limits/attempt-limiter.js';
import type { IssuedTokens } from '../tokens/issued-tokens.js';
import { TokenService } from '../tokens/token.service.js';
import { countBadToken } from './count-bad-token.js';
import { Endpoint } from './endpoint.js';
import { EndpointAnswer } from './endpoint-answer.js';
import { errorEnvelope, tokenEnvelope } from './envelope.js';
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
   */
  protected issueTokens(clientId: string | undefined, _request: TokenRequest): Promise<IssuedTokens> {
    return this.tokens.issue({ clientId });
  }

  /** Spends a refresh token for a new pair. Override it to add checks of your own before. */
  protected refreshTokens(refreshToken: string, _request: TokenRequest): Promise<IssuedTokens> {
    return this.tokens.refresh(refreshToken);
  }

  private async answerIssue(request: TokenRequest): Promise<object> {
    if (request.method === 'HEAD') return HEAD_ISSUES_NOTHING;
    return tokenEnvelope(await this.issueTokens(readParameter(request, 'client_id'), request));
  }

  private async answerRefresh(request: TokenRequest): Promise<object> {
    if (request.method === 'HEAD') return HEAD_ISSUES_NOTHING;
    const refreshToken = readParameter(request, 'refresh_token');
    if (refreshToken === undefined) throw invalid('refresh_token', 'is required');
    try {
      return tokenEnvelope(await this.refreshTokens(refreshToken, request));
    } catch (error) {
      if (error instanceof InvalidGrantError) countBadToken(this.limiter, 'refresh', request);
      throw error;
    }
  }
}

const HEAD_ISSUES_NOTHING = new EndpointAnswer(
  405,
  { status: 'error', message: 'HEAD issues nothing', code: 405 },
  { Allow: 'GET, POST' },
);

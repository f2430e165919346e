import {
  Controller,
  Get,
  HttpCode,
  HttpException,
  Inject,
  MethodNotAllowedException,
  Post,
  Req,
  Res,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { AttemptLimiter } from '../access/attempt-limiter.js';
import { ConfiguredAccess, Public } from '../access/decorators.js';
import { correlationIdOf } from '../telemetry/correlation-id.js';
import { FastauthEvents } from '../telemetry/fastauth-events.js';
import { InvalidGrantError, StoreUnavailableError, TooManyAttemptsError } from '../errors.js';
import { rawRequest, type AnyRequest } from '../access/request-access.js';
import type { IssuedTokens } from '../tokens/issued-tokens.js';
import { TokenService } from '../tokens/token.service.js';
import { TokenEndpointException, tokenEnvelope, type TokenEnvelope } from './envelope.js';
import { forbidCaching } from './forbid-caching.js';
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

  @Inject(FastauthEvents)
  private readonly events!: FastauthEvents;

  @Inject(HttpAdapterHost)
  private readonly adapterHost!: HttpAdapterHost;

  @Get('token/new')
  @ConfiguredAccess('issuance')
  getNewToken(
    @Req() request: TokenRequest,
    @Res({ passthrough: true }) response: unknown,
  ): Promise<TokenEnvelope> {
    return this.answer(request, response, () =>
      this.issueTokens(readParameter(request, 'client_id'), request),
    );
  }

  @Post('token/new')
  @HttpCode(200)
  @ConfiguredAccess('issuance')
  postNewToken(
    @Req() request: TokenRequest,
    @Res({ passthrough: true }) response: unknown,
  ): Promise<TokenEnvelope> {
    return this.answer(request, response, () =>
      this.issueTokens(readParameter(request, 'client_id'), request),
    );
  }

  @Get('token/refresh')
  @Public()
  getRefreshedToken(
    @Req() request: TokenRequest,
    @Res({ passthrough: true }) response: unknown,
  ): Promise<TokenEnvelope> {
    return this.answerRefresh(request, response);
  }

  @Post('token/refresh')
  @HttpCode(200)
  @Public()
  postRefreshedToken(
    @Req() request: TokenRequest,
    @Res({ passthrough: true }) response: unknown,
  ): Promise<TokenEnvelope> {
    return this.answerRefresh(request, response);
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

  private answerRefresh(request: TokenRequest, response: unknown): Promise<TokenEnvelope> {
    return this.answer(request, response, async () => {
      const refreshToken = requiredRefreshToken(request);
      const source = rawRequest(request as unknown as AnyRequest);
      try {
        return await this.refreshTokens(refreshToken, request);
      } catch (error) {
        if (!(error instanceof InvalidGrantError)) throw error;
        const wait = this.limiter.refused('refresh', source);
        throw wait === undefined ? error : new TooManyAttemptsError(wait);
      }
    });
  }

  private async answer(
    request: TokenRequest,
    response: unknown,
    act: () => Promise<IssuedTokens>,
  ): Promise<TokenEnvelope> {
    const { httpAdapter } = this.adapterHost;
    const setHeader = (name: string, value: string): void => httpAdapter.setHeader(response, name, value);
    forbidCaching(httpAdapter, request, response);
    try {
      if (request.method === 'HEAD') {
        setHeader('Allow', 'GET, POST');
        throw new MethodNotAllowedException('HEAD issues nothing');
      }
      return tokenEnvelope(
        await this.events.correlated(
          correlationIdOf(request.headers),
          act,
          this.limiter.addressOf(rawRequest(request as unknown as AnyRequest)),
        ),
      );
    } catch (error) {
      if (!(error instanceof HttpException)) throw error;
      if (error instanceof StoreUnavailableError || error instanceof TooManyAttemptsError)
        setHeader('Retry-After', String(error.retryAfter));
      if (error instanceof InvalidGrantError) setHeader('WWW-Authenticate', 'Bearer error="invalid_token"');
      throw new TokenEndpointException(error);
    }
  }
}

function requiredRefreshToken(request: TokenRequest): string {
  const refreshToken = readParameter(request, 'refresh_token');
  if (!refreshToken) throw invalid('refresh_token', 'is required');
  return refreshToken;
}

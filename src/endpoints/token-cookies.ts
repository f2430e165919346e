import type { IncomingHttpHeaders } from 'node:http';
import { Inject, Injectable } from '@nestjs/common';
import { isWelcome } from '../access/access-cookie.js';
import { cookieValue, DOUBLED } from '../access/cookie-value.js';
import { DENIALS, type Denial } from '../access/denial.js';
import { Clock } from '../clock.js';
import { FASTAUTH_CONFIG, type FastauthConfig } from '../config/fastauth-config.js';
import { ConfigError } from '../errors.js';
import { RouteTable } from '../routes/route-table.js';
import type { IssuedTokens } from '../tokens/issued-tokens.js';
import { type CookieResponse, writeCookies, writeHeader } from './answer-cookies.js';
import { readEndpoint } from './endpoint-metadata.js';

/** What browsers keep of a cookie, name and value together. @see RFC 6265bis section 5.6 */
const MOST_BYTES = 4096;

/**
 * Hands the tokens of a browser over in cookies, which no script can read. For login and logout handlers of your own;
 * the refresh endpoint answers in the same way to whoever comes by cookie. Leave the tokens out of the answer's body.
 *
 * @example
 * \@Post('login')
 * async login(@Body() form: LoginForm, @Res({ passthrough: true }) response: Response) {
 *   const clientId = await this.users.check(form);
 *   this.cookies.set(response, await this.tokens.issue({ clientId }));
 * }
 */
@Injectable()
export class TokenCookies {
  /** @internal */
  constructor(
    @Inject(FASTAUTH_CONFIG) private readonly config: FastauthConfig,
    private readonly clock: Clock,
    private readonly routes: RouteTable,
  ) {}

  /**
   * Sets the access cookie and, where `refresh-token-cookie` names one, the refresh cookie, each for as long as its
   * token is good; the answer is then kept by no cache.
   * @param response of Express, a reply of Fastify, or Node's own, before its headers are sent
   * @throws ConfigError `access-token-cookie` is not set
   * @throws RangeError a token is too long for a cookie: browsers keep 4096 bytes
   * @see RFC 6265 section 4.1, RFC 6265bis section 4.1.3 on the prefixes
   */
  set(response: object, tokens: IssuedTokens): void {
    const target = response as CookieResponse;
    writeCookies(target, this.cookiesOf(tokens));
    writeHeader(target, 'Cache-Control', 'no-store');
  }

  /**
   * Has the browser forget both cookies. It ends no session: revoke that as well.
   * @param response as for {@link set}
   * @throws ConfigError `access-token-cookie` is not set
   */
  clear(response: object): void {
    writeCookies(response as CookieResponse, this.noCookies());
  }

  /** @internal As {@link set}, for an answer that is not begun. */
  cookiesOf({
    accessToken,
    accessExpiresAt,
    refreshToken,
    refreshExpiresAt,
  }: IssuedTokens): readonly string[] {
    const { access, refresh } = this.names();
    return [
      this.accessCookie(access, accessToken, this.secondsUntil(accessExpiresAt)),
      ...(refresh === undefined
        ? []
        : this.refreshCookies(refresh, refreshToken, this.secondsUntil(refreshExpiresAt))),
    ];
  }

  /** @internal As {@link clear}. */
  noCookies(): readonly string[] {
    const { access, refresh } = this.names();
    return [
      this.accessCookie(access, '', 0),
      ...(refresh === undefined ? [] : this.refreshCookies(refresh, '', 0)),
    ];
  }

  /**
   * @internal The refresh token that a browser has sent by itself; undefined where it sent none.
   * @returns a denial where it was sent twice, or for a page of a foreign origin
   */
  refreshTokenOf(request: { readonly headers: IncomingHttpHeaders }): string | Denial | undefined {
    const { refreshTokenCookie: name, cookieOrigins } = this.config;
    if (name === undefined) return undefined;
    const token = cookieValue(request.headers.cookie, name);
    if (token === undefined) return undefined;
    if (token === DOUBLED) return DENIALS.ambiguous;
    return isWelcome(request, cookieOrigins) ? token : DENIALS.foreignOrigin;
  }

  private accessCookie(name: string, value: string, seconds: number): string {
    const sameSite = this.config.cookieSameSite === 'strict' ? 'Strict' : 'Lax';
    return cookie(name, value, `Path=/; Max-Age=${seconds}; HttpOnly; Secure; SameSite=${sameSite}`);
  }

  /** One for each path of the refresh endpoint. */
  private refreshCookies(name: string, value: string, seconds: number): readonly string[] {
    return this.refreshPaths().map((path) =>
      cookie(name, value, `Path=${path}; Max-Age=${seconds}; HttpOnly; Secure; SameSite=Strict`),
    );
  }

  /** Parameters of a global prefix have other values in each request, so that the path ends before them. */
  private refreshPaths(): readonly string[] {
    const patterns = this.routes.routes
      .filter(
        ({ method, handler, handlerName }) =>
          method === 'POST' && handlerName === 'postRefreshedToken' && readEndpoint(handler),
      )
      .flatMap(({ patterns }) => patterns);
    return [...new Set(patterns.map((pattern) => pattern.replace(/\/[^/]*[:*{(].*$/, '') || '/'))];
  }

  private names(): { access: string; refresh: string | undefined } {
    const { accessTokenCookie: access, refreshTokenCookie: refresh } = this.config;
    if (access === undefined) {
      throw new ConfigError([
        'TokenCookies are used, but access-token-cookie is not set; set it to a name such as "__Host-access"',
      ]);
    }
    return { access, refresh };
  }

  private secondsUntil(at: number): number {
    return Math.max(0, Math.floor(at - this.clock.now() / 1000));
  }
}

function cookie(name: string, value: string, attributes: string): string {
  if (name.length + value.length > MOST_BYTES) {
    throw new RangeError(
      `The token is too long for the cookie ${name}: browsers keep ${MOST_BYTES} bytes of name and value. ` +
        'Issue it with fewer claims, or with token-format "opaque".',
    );
  }
  return `${name}=${value}; ${attributes}`;
}

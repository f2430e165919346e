import type { IncomingHttpHeaders } from 'node:http';
import type { FastauthConfig } from '../config/fastauth-config.js';
import { cookieValue, DOUBLED } from './cookie-value.js';
import { AMBIGUOUS, FOREIGN_ORIGIN, type CookieSource, type Sent } from './credentials.js';
import { isSameOrigin } from './same-origin.js';

type CookieConfig = Pick<FastauthConfig, 'accessTokenCookie' | 'cookieOrigins' | 'websocketOrigins'>;

interface Request {
  readonly method?: string | undefined;
  readonly headers: IncomingHttpHeaders;
}

const SAFE_METHODS: ReadonlySet<string | undefined> = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * The access token that browsers send by themselves, whichever page makes them: with an unsafe method, and where a
 * socket is opened, it counts only from pages of the own origin or of a listed one.
 */
export class AccessCookie {
  readonly ofRequest: CookieSource = {
    read: (request) =>
      this.read(request, SAFE_METHODS.has(request.method) || isWelcome(request, this.origins)),
  };
  readonly ofHandshake: CookieSource = {
    read: (request) => this.read(request, isWelcome(request, this.socketOrigins)),
  };

  private readonly origins: readonly string[];
  private readonly socketOrigins: readonly string[];

  /** The one of the configuration; undefined where it names none. */
  static of(config: CookieConfig): AccessCookie | undefined {
    return config.accessTokenCookie === undefined
      ? undefined
      : new AccessCookie(config.accessTokenCookie, config);
  }

  private constructor(
    private readonly name: string,
    { cookieOrigins, websocketOrigins }: CookieConfig,
  ) {
    this.origins = cookieOrigins;
    this.socketOrigins = [...cookieOrigins, ...websocketOrigins];
  }

  private read({ headers }: Request, isAllowed: boolean): Sent | undefined {
    const accessToken = cookieValue(headers.cookie, this.name);
    if (accessToken === undefined) return undefined;
    if (accessToken === DOUBLED) return AMBIGUOUS;
    return isAllowed ? { masterToken: undefined, accessToken } : FOREIGN_ORIGIN;
  }
}

/** Whether a page of the server's own origin, or of one of these, sent this. */
export function isWelcome({ headers }: Request, origins: readonly string[]): boolean {
  return isSameOrigin(headers) || (headers.origin !== undefined && origins.includes(headers.origin));
}

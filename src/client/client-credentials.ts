import { authorizedFetch } from './authorized-fetch.js';
import { FastauthClientError } from './client-error.js';
import { now } from './clock.js';
import { discover, type ServerMetadata } from './discover.js';
import { due, type KeptToken } from './kept-tokens.js';
import { type Fetch, postForm } from './post-form.js';

export interface ClientCredentialsOptions {
  /** The authorization server, whose metadata is found at `/.well-known/oauth-authorization-server` (RFC 8414). */
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Names parted by spaces. Default: what the server gives. */
  readonly scope?: string;
  /** For whom the token is (RFC 8707). Default: what the server gives. */
  readonly resource?: string;
  /** The application whose origin `fetch` sends the token to. Default: `issuer`. */
  readonly baseUrl?: string;
  /** How many seconds before its end a token is renewed; a fifth of its lifetime, if that is less. Default: 60. */
  readonly renewAhead?: number;
  /** Default: the global `fetch`. */
  readonly fetch?: Fetch;
}

export interface ClientCredentials {
  /** `fetch`, with the access token where the URL (or path) is one of `baseUrl`'s origin. */
  readonly fetch: Fetch;
  /**
   * An access token: the one at hand, as long as it is good.
   * @param refused the token that a server has refused, for clients of HTTP of your own
   * @throws FastauthClientError the server gives none; `code` is its OAuth error
   */
  token(refused?: string): Promise<string>;
}

/**
 * Access tokens of a service, by its own credentials. However many calls wait, one request is under way; a new token is
 * asked for while the old one is good still, and calls go on with the old one if none can be had.
 *
 * @example
 * const credentials = clientCredentials({ issuer: 'https://auth.example.com', clientId, clientSecret });
 * const answer = await credentials.fetch('https://auth.example.com/devices');
 * @see RFC 6749 section 4.4
 */
export function clientCredentials(options: ClientCredentialsOptions): ClientCredentials {
  const send: Fetch = options.fetch ?? ((input, init) => fetch(input, init));
  const { issuer, baseUrl = issuer, renewAhead = 60, scope, resource } = options;
  let metadata: ServerMetadata | undefined;
  let kept: KeptToken | undefined;
  let renewal: Promise<string> | undefined;

  const ask = async (): Promise<string> => {
    metadata ??= await discover(send, issuer);
    const { url, extra, headers } = authenticated(metadata, options);
    const form = {
      grant_type: 'client_credentials',
      ...(scope ? { scope } : {}),
      ...(resource ? { resource } : {}),
      ...extra,
    };
    const answer = await postForm(send, url, form, headers);
    const body = (await answer.json().catch(() => ({}))) as Partial<Answer>;
    if (!answer.ok || !body.access_token) {
      const { status } = answer;
      throw new FastauthClientError(
        `${issuer} gives no token: ${body.error ?? `status ${status}`}`,
        status,
        body.error,
      );
    }
    const { access_token, expires_in } = body;
    kept = due({ access_token, ...(expires_in ? { expires_in } : {}) }, renewAhead);
    return access_token;
  };
  const renew = (): Promise<string> =>
    (renewal ??= ask().finally(() => {
      renewal = undefined;
    }));
  const token = async (refused?: string): Promise<string> => {
    if (!kept || kept.access_token === refused || now() >= (kept.expires_at ?? Infinity)) return renew();
    // Nobody waits while the old one is good.
    if (now() >= (kept.renew_at ?? Infinity)) renew().catch(() => undefined);
    return kept.access_token;
  };
  return { token, fetch: authorizedFetch({ token }, baseUrl, send) };
}

interface Answer {
  readonly access_token: string;
  readonly expires_in: number;
  readonly error: string;
}

/** @see RFC 6749 section 2.3.1 */
function authenticated(
  { token_endpoint: url, token_endpoint_auth_methods_supported: methods }: ServerMetadata,
  { clientId, clientSecret }: ClientCredentialsOptions,
): { url: string; extra?: Record<string, string>; headers?: Record<string, string> } {
  if (methods && !methods.includes('client_secret_basic'))
    return { url, extra: { client_id: clientId, client_secret: clientSecret } };
  const basic = btoa(`${formEncoded(clientId)}:${formEncoded(clientSecret)}`);
  return { url, headers: { authorization: `Basic ${basic}` } };
}

function formEncoded(text: string): string {
  return encodeURIComponent(text)
    .replace(/%20/g, '+')
    .replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}

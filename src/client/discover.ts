import { FastauthClientError } from './client-error.js';
import type { Fetch } from './post-form.js';

/** What is used of an authorization server's metadata. */
export interface ServerMetadata {
  readonly issuer: string;
  readonly token_endpoint: string;
  readonly token_endpoint_auth_methods_supported?: readonly string[];
}

/**
 * Asks an authorization server where its token endpoint is.
 * @throws FastauthClientError it does not say, or speaks for another issuer, or would take the secret in plain text
 * @see RFC 8414 section 3
 */
export async function discover(send: Fetch, issuer: string): Promise<ServerMetadata> {
  const { origin, pathname, protocol } = new URL(issuer);
  const url = `${origin}/.well-known/oauth-authorization-server${pathname.replace(/\/$/, '')}`;
  const response = await send(url, { headers: { accept: 'application/json' }, redirect: 'error' });
  if (!response.ok)
    throw new FastauthClientError(`${url} answered status ${response.status}`, response.status);
  const metadata = (await response.json()) as Partial<ServerMetadata>;
  const { token_endpoint: endpoint } = metadata;
  if (metadata.issuer !== issuer)
    throw new FastauthClientError(`${url} speaks for another issuer than ${issuer}: write it as it is there`);
  if (!endpoint) throw new FastauthClientError(`${url} names no token_endpoint`);
  if (protocol === 'https:' && !endpoint.startsWith('https:'))
    throw new FastauthClientError(`The token_endpoint of ${issuer} is not https`);
  return metadata as ServerMetadata;
}

import type { FastauthConfig } from '../config/fastauth-config.js';
import type { Route } from '../routes/route-table.js';
import { OAuthTokenController } from './oauth-token.controller.js';

/** The scheme by which clients get access tokens themselves. */
export const CLIENT_CREDENTIALS = 'ClientCredentials';

/**
 * Where the token endpoint is: as the issuer's, or, without one, below the server that the document names.
 * @returns undefined where there is none, or it has no one path
 */
export function tokenUrlOf(routes: readonly Route[], issuer: string | undefined): string | undefined {
  const route = routes.find(({ handler }) => handler === OAuthTokenController.prototype.grantToken);
  const path = route?.patterns.find((pattern) => !pattern.includes(':'));
  return path === undefined || issuer === undefined ? path : new URL(path, issuer).href;
}

/**
 * @param asked scopes that operations require
 * @param described those of the configuration, with what they are for
 */
export function clientCredentialsScheme(
  tokenUrl: string,
  asked: Iterable<string>,
  described: FastauthConfig['scopes'],
): object {
  const scopes = { ...Object.fromEntries(Array.from(asked, (scope) => [scope, ''])), ...described };
  return {
    type: 'oauth2',
    description: 'An access token that a client gets by its own credentials (RFC 6749 section 4.4)',
    flows: { clientCredentials: { tokenUrl, scopes } },
  };
}

import { isRepeated, type SentHeaders, sentValues } from '../access/credentials.js';
import { rawRequest, type AnyRequest } from '../access/request-access.js';
import {
  bringsClientCredentials,
  type CredentialParameters,
  readClientCredentials,
} from '../clients/client-credentials.js';
import type { ClientAuthenticator } from '../clients/client-authenticator.js';
import type { ClientRegistry, RegisteredClient } from '../clients/client-registry.js';
import { OAuthRequestError } from '../clients/oauth-request.error.js';
import { OAuthErrorException } from './oauth-error.js';
import { readParameter, type TokenRequest } from './token-request.js';

/** The parameters by which a client authenticates itself. @throws InvalidRequestError one is in the query, or there twice */
export function readCredentialParameters(request: TokenRequest): CredentialParameters {
  return {
    clientId: readParameter(request, 'client_id'),
    clientSecret: readParameter(request, 'client_secret'),
    assertion: readParameter(request, 'client_assertion'),
    assertionType: readParameter(request, 'client_assertion_type'),
  };
}

/**
 * The client that a request comes from.
 * @throws OAuthRequestError it is none
 * @throws TooManyAttemptsError | StoreUnavailableError
 */
export function authenticateClient(
  request: TokenRequest,
  sent: CredentialParameters,
  authenticator: ClientAuthenticator,
): Promise<RegisteredClient> {
  const raw = rawRequest(request as unknown as AnyRequest);
  return authenticator.authenticate(readClientCredentials(authorizationsOf(raw), sent), raw);
}

/**
 * The client that a request comes from, at an endpoint that others may use, too.
 * @returns undefined where it does not try to authenticate itself as one, or none can
 * @throws OAuthRequestError it is none, or brings something else besides
 * @throws InvalidRequestError | TooManyAttemptsError | StoreUnavailableError
 */
export async function clientOf(
  request: TokenRequest,
  registry: ClientRegistry,
  authenticator: ClientAuthenticator,
): Promise<RegisteredClient | undefined> {
  if (!registry.isOn) return undefined;
  const sent = readCredentialParameters(request);
  const raw = rawRequest(request as unknown as AnyRequest);
  if (!bringsClientCredentials(authorizationsOf(raw), sent)) return undefined;
  // It would be open which of them counts.
  const token = ['master-token', 'access-token'].find((name) => raw.headers[name] !== undefined);
  if (token !== undefined) {
    throw new OAuthRequestError(
      'invalid_request',
      `Authenticate in one way: as a client, or by ${token.toUpperCase()}`,
    );
  }
  return authenticateClient(request, sent, authenticator);
}

/** What a client did wrong, as RFC 6749 section 5.2 has it; any other error as it is. */
export async function tellingClients<T>(appName: string, answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (!(error instanceof OAuthRequestError)) throw error;
    const status = error.error === 'invalid_client' ? 401 : 400;
    // A client that used the header is told how; others have no challenge that they could meet (RFC 6749 section 5.2),
    // but a 401 needs one (RFC 9110 section 15.5.2).
    const realm = appName.replaceAll(/[^\x20-\x7e]|["\\]/g, '');
    throw new OAuthErrorException(status, error.error, error.description, {
      headers: status === 401 ? { 'WWW-Authenticate': `Basic realm="${realm}", charset="UTF-8"` } : {},
    });
  }
}

/** Every one that was sent: Node's `headers` has only the first. */
function authorizationsOf(raw: SentHeaders): readonly string[] {
  const { authorization } = raw.headers;
  if (authorization === undefined) return [];
  return isRepeated(raw, 'authorization') ? sentValues(raw, 'authorization') : [authorization];
}

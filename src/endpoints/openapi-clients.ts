import { LIMIT, noStore, oauthFailure, orRefusal, retryAfter } from './openapi-answers.js';
import { IntrospectionController, MAY_NOT_INTROSPECT } from './introspection.controller.js';
import { OAuthTokenController } from './oauth-token.controller.js';
import { text } from './openapi-schemas.js';
import { RevocationController } from './revocation.controller.js';

/** The parameters by which a client authenticates itself, in place of HTTP Basic. */
export const CLIENT_PROPERTIES = {
  client_id: text('Of a client that sends its secret here', 'billing'),
  client_secret: text('In place of HTTP Basic', 'fa_cs_…'),
  client_assertion_type: text(
    'With client_assertion',
    'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
  ),
  client_assertion: text('A JWT that the client has signed (RFC 7523)', '<jwt>'),
};

export const notKnown = {
  ...oauthFailure(
    'The client is not known by what it sent',
    'invalid_client',
    'Client authentication failed',
  ),
  headers: {
    'WWW-Authenticate': { schema: { type: 'string' }, description: 'RFC 7617 challenge' },
    ...noStore,
  },
};

export const failedTooOften = {
  ...oauthFailure(
    'Too many have failed for this client from this address',
    'temporarily_unavailable',
    LIMIT.detail,
  ),
  headers: retryAfter,
};

export const clientSchemes = {
  ClientBasic: {
    type: 'http',
    scheme: 'basic',
    description:
      'A client with credentials of its own: identifier and secret, each encoded as a form (RFC 6749 section 2.3.1)',
  },
} as const;

/** What the answers of the introspection endpoint are besides, where clients authenticate themselves there. */
export const introspectingClients = {
  401: orRefusal(notKnown),
  403: oauthFailure('The client may not introspect', 'unauthorized_client', MAY_NOT_INTROSPECT),
  429: orRefusal(failedTooOften),
};

/** With the ways that stand in `Authorization` and in the body, where clients authenticate themselves at the endpoint. */
export function withClients(
  operation: Readonly<Record<string, unknown>>,
  handler: object,
): Record<string, unknown> {
  const security = operation['security'] as readonly object[];
  switch (handler) {
    case IntrospectionController.prototype.introspectToken:
      return { ...operation, security: [...security, { ClientBasic: [] }] };
    case RevocationController.prototype.revokeToken:
    case OAuthTokenController.prototype.grantToken:
      return { ...operation, security: [{ ClientBasic: [] }, {}] };
    default:
      return operation;
  }
}

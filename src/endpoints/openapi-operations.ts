import { DENIALS } from '../access/denial.js';
import { MAX_SCOPE_LENGTH } from '../config/scope-name.js';
import { InvalidGrantError } from '../errors.js';
import { CLIENT_ID_MAX_LENGTH } from '../sessions/client-id.js';
import { MAX_TOKEN_LENGTH } from '../tokens/codecs/jwt.codec.js';
import { AuthorizationServerMetadataController } from './authorization-server-metadata.controller.js';
import { IntrospectionController } from './introspection.controller.js';
import { JwkSetController } from './jwk-set.controller.js';
import {
  LIMIT,
  success,
  tooManyAttempts,
  faults,
  challenge,
  refusal,
  ambiguous,
  limited,
  noStore,
  retryAfter,
  json,
  failure,
  invalidParameter,
  bodyFaults,
  oauthFailure,
  oauthFaults,
  orRefusal,
} from './openapi-answers.js';
import { CLIENT_PROPERTIES, introspectingClients } from './openapi-clients.js';
import { OAuthTokenController } from './oauth-token.controller.js';
import { describingResource, granting, refusingAuthorization } from './openapi-oauth.js';
import { text } from './openapi-schemas.js';
import { ProtectedResourceMetadataController } from './protected-resource-metadata.controller.js';
import { RevocationController, TOKEN_AND_CLIENT } from './revocation.controller.js';
import { TokenController } from './token.controller.js';

/** An OpenAPI operation object. @see OpenAPI 3.0 section 4.7.10 */
export type Operation = Record<string, unknown>;

const CLIENT_ID_SCHEMA = {
  type: 'string',
  minLength: 1,
  maxLength: CLIENT_ID_MAX_LENGTH,
  example: 'abc-123',
};
const REFRESH_TOKEN_SCHEMA = { type: 'string', minLength: 1, maxLength: MAX_TOKEN_LENGTH, example: '<jwt>' };
const SCOPE_SCHEMA = {
  type: 'string',
  maxLength: MAX_SCOPE_LENGTH,
  description: 'Names with one space between (RFC 6749 section 3.3)',
  example: 'devices:read devices:write',
};
const TOKEN_SCHEMA = text('An access or refresh token', '<jwt>');
const TOKEN_TYPE_HINT_SCHEMA = text(
  '`access_token` or `refresh_token`; not needed, since a token tells its type itself',
  'refresh_token',
);

const issuing: Operation = {
  tags: ['auth'],
  summary: 'Issue a pair of tokens',
  description:
    "Issues an access and a refresh token. By default the client's older session ends. `scope` needs the master token, also where anybody may be issued tokens.",
  responses: {
    200: success,
    400: ambiguous,
    401: refusal,
    429: limited,
    422: invalidParameter('client_id', 'must be one text value'),
    ...faults,
  },
};

const refreshing: Operation = {
  tags: ['auth'],
  summary: 'Refresh a pair of tokens',
  description:
    'Spends a refresh token for a new pair; the old pair is no longer good. `scope` narrows what the new access token may do, and cannot widen it.',
  responses: {
    200: success,
    401: failure('The refresh token is not good (any more)', 401, new InvalidGrantError().publicMessage),
    422: invalidParameter('refresh_token', 'is required'),
    ...tooManyAttempts,
    ...faults,
  },
};

const revoking: Operation = {
  tags: ['auth'],
  summary: 'End the session that a token belongs to',
  description:
    'RFC 7009. Whoever holds a token may end its session; a client that authenticates itself ends its own alone. With the master token, `client_id` without `token` ends all sessions of that client.',
  responses: {
    200: {
      description: 'It is ended, or was no live session of ours',
      headers: noStore,
      content: { 'application/json': { schema: { type: 'object' }, example: {} } },
    },
    401: {
      ...oauthFailure(
        'A master token or client credentials were sent, and are wrong',
        'invalid_client',
        DENIALS.badMasterToken.detail,
      ),
      headers: challenge,
    },
    429: {
      ...oauthFailure(
        'Too many wrong credentials from this address',
        'temporarily_unavailable',
        LIMIT.detail,
      ),
      headers: retryAfter,
    },
    422: oauthFailure('`token` and `client_id` were both sent', 'invalid_request', TOKEN_AND_CLIENT),
    ...oauthFaults,
  },
};

const introspecting: Operation = {
  tags: ['auth'],
  summary: 'Tell whether a token is good',
  description:
    'RFC 7662, for resource servers. A client that authenticates itself hears of tokens that are for it, or for nobody in particular.',
  responses: {
    200: {
      description: 'Whether it is good, and what it says if so',
      headers: noStore,
      content: json('FastauthIntrospection', { active: true, client_id: 'abc-123', token_type: 'Bearer' }),
    },
    401: refusal,
    429: limited,
    500: orRefusal(oauthFaults[500]),
    503: orRefusal(oauthFaults[503]),
  },
};

function inQuery(
  operation: Operation,
  operationId: string,
  properties: Record<string, object>,
  required: readonly string[] = [],
): Operation {
  const note = 'Prefer POST: query strings end up in logs.';
  return {
    ...operation,
    operationId,
    parameters: Object.entries(properties).map(([name, schema]) => ({
      name,
      in: 'query',
      required: required.includes(name),
      schema,
      description: note,
    })),
  };
}

function inBody(
  operation: Operation,
  operationId: string,
  faults: object,
  properties: Record<string, object>,
  required: readonly string[] = [],
): Operation {
  const schema = { type: 'object', properties, ...(required.length > 0 ? { required } : {}) };
  return {
    ...operation,
    operationId,
    responses: { ...(operation['responses'] as object), ...faults },
    parameters: [],
    requestBody: {
      required: required.length > 0,
      content: { 'application/json': { schema }, 'application/x-www-form-urlencoded': { schema } },
    },
  };
}

const publishingKeys: Operation = {
  tags: ['auth'],
  operationId: 'getJwkSet',
  summary: 'The keys that verify our tokens',
  description:
    'RFC 7517. Public parts only, those of keys that do not sign yet among them; empty where tokens are signed with a secret.',
  parameters: [],
  responses: {
    200: {
      description: 'A JWK Set',
      headers: {
        ETag: { schema: { type: 'string' }, description: 'Changes with the set' },
        'Cache-Control': { schema: { type: 'string' }, description: 'For how long it may be kept' },
      },
      content: json('FastauthJwkSet', { keys: [] }),
    },
    304: { description: 'It is the one of `If-None-Match`' },
  },
};

const describingServer: Operation = {
  tags: ['auth'],
  operationId: 'getAuthorizationServerMetadata',
  summary: 'Where the endpoints are',
  description: 'RFC 8414, for standard clients.',
  parameters: [],
  responses: {
    200: {
      description: 'Authorization server metadata',
      content: json('FastauthServerMetadata', {
        issuer: 'https://auth.example.com',
        jwks_uri: 'https://auth.example.com/.well-known/jwks.json',
        response_types_supported: [],
        grant_types_supported: [],
      }),
    },
    404: { description: '`issuer` is not set' },
  },
};

/**
 * The endpoints of ours, by the handlers that serve them.
 * @param byClient whether clients authenticate themselves there
 */
export function tokenOperations(byClient: boolean): ReadonlyMap<object, Readonly<Record<string, Operation>>> {
  const clientProperties = byClient ? CLIENT_PROPERTIES : {};
  const { prototype } = TokenController;
  return new Map<object, Record<string, Operation>>([
    [
      prototype.getNewToken,
      {
        get: inQuery(issuing, 'issueTokenByQuery', { client_id: CLIENT_ID_SCHEMA, scope: SCOPE_SCHEMA }),
      },
    ],
    [
      prototype.postNewToken,
      {
        post: inBody(issuing, 'issueToken', bodyFaults('FastauthErrorEnvelope', ['FastauthRefusal']), {
          client_id: CLIENT_ID_SCHEMA,
          scope: SCOPE_SCHEMA,
        }),
      },
    ],
    [
      prototype.getRefreshedToken,
      {
        get: inQuery(
          refreshing,
          'refreshTokenByQuery',
          { refresh_token: REFRESH_TOKEN_SCHEMA, scope: SCOPE_SCHEMA },
          ['refresh_token'],
        ),
      },
    ],
    [
      prototype.postRefreshedToken,
      {
        post: inBody(
          refreshing,
          'refreshToken',
          bodyFaults('FastauthErrorEnvelope'),
          { refresh_token: REFRESH_TOKEN_SCHEMA, scope: SCOPE_SCHEMA },
          ['refresh_token'],
        ),
      },
    ],
    [
      RevocationController.prototype.revokeToken,
      {
        post: inBody(revoking, 'revokeToken', bodyFaults('FastauthOAuthError'), {
          token: TOKEN_SCHEMA,
          token_type_hint: TOKEN_TYPE_HINT_SCHEMA,
          ...clientProperties,
          client_id: CLIENT_ID_SCHEMA,
        }),
      },
    ],
    [OAuthTokenController.prototype.grantToken, { post: granting }],
    [OAuthTokenController.prototype.refuseAuthorization, { get: refusingAuthorization }],
    [JwkSetController.prototype.getJwkSet, { get: publishingKeys }],
    [AuthorizationServerMetadataController.prototype.getMetadata, { get: describingServer }],
    [ProtectedResourceMetadataController.prototype.getResourceMetadata, { get: describingResource }],
    [
      IntrospectionController.prototype.introspectToken,
      {
        post: inBody(
          introspecting,
          'introspectToken',
          {
            ...bodyFaults('FastauthOAuthError', ['FastauthRefusal']),
            ...(byClient ? introspectingClients : {}),
          },
          { token: TOKEN_SCHEMA, token_type_hint: TOKEN_TYPE_HINT_SCHEMA, ...clientProperties },
          ['token'],
        ),
      },
    ],
  ]);
}

import { CLIENT_GRANTS } from '../config/client-entries.js';
import { bodyFaults, json, noStore, oauthFailure, oauthFaults } from './openapi-answers.js';
import { CLIENT_PROPERTIES, failedTooOften, notKnown } from './openapi-clients.js';
import { NO_AUTHORIZATION } from './oauth-token.controller.js';
import { text } from './openapi-schemas.js';
import { BODY_FAULTS } from './request-body.js';

const FORM = {
  type: 'object',
  required: ['grant_type'],
  properties: {
    grant_type: { type: 'string', enum: CLIENT_GRANTS, example: 'client_credentials' },
    scope: text(
      'What is asked for, with one space between; default: all that the client has',
      'devices:read',
    ),
    resource: text('For which resource the token is to be (RFC 8707)', 'https://api.example.com/'),
    refresh_token: text('Of the client that asks, for the grant of that name', '<jwt>'),
    ...CLIENT_PROPERTIES,
  },
};

/** The metadata of a protected resource. */
export const describingResource = {
  tags: ['auth'],
  operationId: 'getProtectedResourceMetadata',
  summary: 'Who gives out tokens for this application',
  description: 'RFC 9728, for clients that have none yet.',
  parameters: [],
  responses: {
    200: {
      description: 'Protected resource metadata',
      headers: noStore,
      content: json('FastauthResourceMetadata', {
        resource: 'https://api.example.com',
        authorization_servers: ['https://auth.example.com'],
        bearer_methods_supported: ['header'],
      }),
    },
  },
};

/** The OAuth 2.0 token endpoint. */
export const granting = {
  tags: ['auth'],
  operationId: 'grantToken',
  summary: 'Get a token as a client that authenticates itself',
  description:
    'RFC 6749. The client authenticates by HTTP Basic, by `client_id` and `client_secret`, or by `client_assertion`.',
  parameters: [],
  requestBody: { required: true, content: { 'application/x-www-form-urlencoded': { schema: FORM } } },
  responses: {
    200: {
      description: 'A token',
      headers: noStore,
      content: json('FastauthTokenResponse', {
        access_token: '<jwt>',
        token_type: 'Bearer',
        expires_in: 3600,
        scope: 'devices:read',
      }),
    },
    401: notKnown,
    429: failedTooOften,
    400: oauthFailure('What is sent cannot be used', 'invalid_request', BODY_FAULTS.notForm),
    413: bodyFaults('FastauthOAuthError')[413],
    ...oauthFaults,
  },
};

/** What stands where other servers have an authorization endpoint. */
export const refusingAuthorization = {
  tags: ['auth'],
  operationId: 'refuseAuthorization',
  summary: 'Refuse what would begin in a browser',
  description:
    'RFC 6749 section 4.1.2.1. There is no such grant; some clients demand that the metadata name the endpoint.',
  parameters: [],
  responses: {
    400: {
      ...oauthFailure('No grant begins here', 'unsupported_response_type', NO_AUTHORIZATION),
      headers: noStore,
    },
  },
};

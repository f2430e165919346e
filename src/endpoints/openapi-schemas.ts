import { DENIALS } from '../access/denial.js';
import { InvalidGrantError } from '../errors.js';

/** The three ways credentials travel: two headers of our own, and Bearer. */
export const securitySchemes = {
  AccessTokenHeader: { type: 'apiKey', in: 'header', name: 'ACCESS-TOKEN', description: 'An access token' },
  MasterTokenHeader: { type: 'apiKey', in: 'header', name: 'MASTER-TOKEN', description: 'The master token' },
  BearerAccessToken: {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
    description: 'An access token, as `Authorization: Bearer`',
  },
} as const;

/** By which browsers carry access tokens, where `access-token-cookie` is set. */
export const accessTokenCookie = (name: string) => ({
  type: 'apiKey',
  in: 'cookie',
  name,
  description: 'An access token, from pages of the own origin',
});

/** A text property. */
export const text = (description: string, example: string) => ({ type: 'string', description, example });

/** Schemas of what the endpoints answer. */
export const componentSchemas = {
  FastauthTokenEnvelope: {
    type: 'object',
    required: ['status', 'message', 'code', 'data'],
    properties: {
      status: text('Always `success`', 'success'),
      message: text('For people', 'Token generated'),
      code: { type: 'integer', description: 'The HTTP status', example: 200 },
      data: {
        type: 'object',
        required: ['client_id', 'access_token', 'refresh_token'],
        properties: {
          client_id: text('Whom the tokens are for', 'abc-123'),
          access_token: text('Opens guarded routes', '<jwt>'),
          refresh_token: text('Good for one new pair', '<jwt>'),
          scope: text('What the access token may do; only where the session has a scope', 'devices:read'),
        },
      },
    },
  },
  FastauthErrorEnvelope: {
    type: 'object',
    required: ['status', 'message', 'code'],
    properties: {
      status: text('Always `error`', 'error'),
      message: text('For people', new InvalidGrantError().publicMessage),
      code: { type: 'integer', description: 'The HTTP status', example: 401 },
      details: {
        type: 'array',
        description: 'What is wrong with which parameter',
        items: {
          type: 'object',
          properties: {
            parameter: text('Its name', 'client_id'),
            message: text('Its fault', 'must not be empty'),
          },
        },
      },
      data: { type: 'object', properties: { client_id: text('Whose tokens were not saved', 'abc-123') } },
    },
  },
  FastauthJwkSet: {
    type: 'object',
    description: 'RFC 7517 section 5',
    required: ['keys'],
    properties: {
      keys: {
        type: 'array',
        items: {
          type: 'object',
          required: ['kty', 'kid', 'alg', 'use'],
          properties: {
            kty: text('Type of the key', 'OKP'),
            kid: text('What tokens of it say in their header', '2027-01'),
            alg: text('The one algorithm it is for', 'EdDSA'),
            use: text('Always `sig`', 'sig'),
          },
        },
      },
    },
  },
  FastauthServerMetadata: {
    type: 'object',
    description: 'RFC 8414 section 2',
    required: ['issuer', 'jwks_uri', 'response_types_supported'],
    properties: {
      issuer: text('Issuer identifier', 'https://auth.example.com'),
      jwks_uri: text('Where the keys are', 'https://auth.example.com/.well-known/jwks.json'),
      token_endpoint: text('RFC 6749, where `token-endpoint` is on', 'https://auth.example.com/auth/token'),
      revocation_endpoint: text('RFC 7009', 'https://auth.example.com/auth/token/revoke'),
      scopes_supported: { type: 'array', items: { type: 'string' }, description: 'Those of `scopes`' },
      introspection_endpoint: text('RFC 7662', 'https://auth.example.com/auth/token/introspect'),
    },
  },
  FastauthResourceMetadata: {
    type: 'object',
    description: 'RFC 9728 section 2',
    required: ['resource'],
    properties: {
      resource: text('Resource identifier', 'https://api.example.com'),
      authorization_servers: {
        type: 'array',
        items: { type: 'string' },
        description: 'Issuers that give out tokens for it',
      },
      scopes_supported: { type: 'array', items: { type: 'string' }, description: 'Those of `scopes`' },
      bearer_methods_supported: {
        type: 'array',
        items: { type: 'string' },
        description: 'How tokens are sent (RFC 6750)',
      },
    },
  },
  FastauthIntrospection: {
    type: 'object',
    description: 'RFC 7662 section 2.2; the claims of an active token stand beside `active`',
    required: ['active'],
    properties: {
      active: { type: 'boolean', description: 'Whether the token is good now' },
      client_id: text('Whom the token is for', 'abc-123'),
      token_type: text('`Bearer`, of access tokens', 'Bearer'),
      exp: { type: 'integer', description: 'When it ends, in epoch seconds' },
      iat: { type: 'integer', description: 'When it was issued, in epoch seconds' },
      jti: text('Its identifier', 'f3sT0Kxq'),
    },
    additionalProperties: true,
  },
  FastauthTokenResponse: {
    type: 'object',
    description: 'RFC 6749 section 5.1',
    required: ['access_token', 'token_type', 'expires_in'],
    properties: {
      access_token: text('Opens guarded routes', '<jwt>'),
      token_type: text('Always `Bearer`', 'Bearer'),
      expires_in: { type: 'integer', description: 'Lifetime in seconds', example: 3600 },
      refresh_token: text('Good for one new pair; of that grant alone', '<jwt>'),
      scope: text('What the token may do', 'devices:read'),
    },
  },
  FastauthOAuthError: {
    type: 'object',
    description: 'RFC 6749 section 5.2',
    required: ['error'],
    properties: {
      error: text('Stable machine code', 'invalid_request'),
      error_description: text('For people', 'token is required'),
    },
  },
  FastauthRefusal: {
    type: 'object',
    required: ['detail', 'code'],
    properties: {
      detail: text('For people', DENIALS.noMasterToken.detail),
      code: text('Stable machine code', DENIALS.noMasterToken.code),
      hint: text('What to do, where a mistake is likely', DENIALS.masterTokenElsewhere.hint ?? ''),
    },
  },
} as const;

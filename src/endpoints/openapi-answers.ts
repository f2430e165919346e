import { DENIALS, denialBody, denialOfLimit } from '../access/denial.js';
import { CryptoKeyNotSetError, StoreUnavailableError } from '../errors.js';
import type { componentSchemas } from './openapi-schemas.js';
import { BODY_FAULTS } from './request-body.js';

const NO_KEY = new CryptoKeyNotSetError().publicMessage;
const STORE_AWAY = new StoreUnavailableError().publicMessage;
export const LIMIT = denialOfLimit(1);

type SchemaName = keyof typeof componentSchemas;

const schemaOf = (name: SchemaName) => ({ $ref: `#/components/schemas/${name}` });
export const json = (schema: SchemaName, example: object) => ({
  'application/json': { schema: schemaOf(schema), example },
});
/** An answer that has one form or another, by who gives it: the endpoint or a guard. */
const anyJson = (schemas: readonly SchemaName[], example: object) => ({
  'application/json': { schema: { anyOf: schemas.map(schemaOf) }, example },
});
export const failure = (description: string, code: number, message: string, more: object = {}) => ({
  description,
  content: json('FastauthErrorEnvelope', { status: 'error', message, code, ...more }),
});

export const noStore = { 'Cache-Control': { schema: { type: 'string' }, description: 'Always `no-store`' } };
export const retryAfter = {
  'Retry-After': { schema: { type: 'integer' }, description: 'Seconds until a retry makes sense' },
};

export const success = {
  description: 'A pair of tokens',
  headers: noStore,
  content: json('FastauthTokenEnvelope', {
    status: 'success',
    message: 'Token generated',
    code: 200,
    data: { client_id: 'abc-123', access_token: '<jwt>', refresh_token: '<jwt>' },
  }),
};

export const tooManyAttempts = {
  429: {
    ...failure('Too many failed attempts from this address', 429, LIMIT.detail),
    headers: retryAfter,
  },
};

export const faults = {
  500: failure('No cryptography key, or the store refused to save', 500, NO_KEY),
  503: {
    ...failure('The store is not available; nothing was consumed', 503, STORE_AWAY),
    headers: retryAfter,
  },
};

export const invalidParameter = (parameter: string, message: string) =>
  failure('A parameter is missing or cannot be used', 422, `${parameter} ${message}`, {
    details: [{ parameter, message }],
  });

export const challenge = {
  'WWW-Authenticate': { schema: { type: 'string' }, description: 'RFC 6750 challenge' },
};

const correlationId = {
  'X-Request-Id': {
    schema: { type: 'string' },
    description: 'Of the request, or made for it; events have it',
  },
};

export const refusal = {
  description: 'The master token is missing or wrong',
  headers: { ...challenge, ...correlationId },
  content: json('FastauthRefusal', denialBody(DENIALS.noMasterToken)),
};

export const ambiguous = {
  description: 'The master token was sent more than once',
  headers: { ...challenge, ...correlationId },
  content: json('FastauthRefusal', denialBody(DENIALS.ambiguous)),
};

export const limited = {
  description: 'Too many failed attempts from this address',
  headers: retryAfter,
  content: json('FastauthRefusal', denialBody(LIMIT)),
};

type OwnForm = 'FastauthErrorEnvelope' | 'FastauthOAuthError';

/** What a body can be refused for. @param own the endpoint's form @param others of its other answers of 400 */
export const bodyFaults = (own: OwnForm, others: readonly SchemaName[] = []) => {
  const told = (description: string, code: number, message: string) => ({
    description,
    content: anyJson(
      [own, ...(code === 400 ? others : [])],
      own === 'FastauthErrorEnvelope'
        ? { status: 'error', message, code }
        : { error: 'invalid_request', error_description: message },
    ),
  });
  return {
    400: told('The body cannot be parsed, or what is sent cannot be used', 400, BODY_FAULTS.notJson),
    413: told('The body is too large', 413, BODY_FAULTS.tooLarge),
    415: told('The body is neither JSON nor a form', 415, BODY_FAULTS.unknownType),
  };
};

export const oauthFailure = (description: string, error: string, message: string) => ({
  description,
  content: json('FastauthOAuthError', { error, error_description: message }),
});

export const oauthFaults = {
  500: oauthFailure('No cryptography key', 'server_error', NO_KEY),
  503: {
    ...oauthFailure('The store is not available', 'temporarily_unavailable', STORE_AWAY),
    headers: retryAfter,
  },
};

/** As the guard puts it where it is the first to notice: `introspection-access` may ask for an access token. */
export const orRefusal = (answer: { content: ReturnType<typeof json> }) => ({
  ...answer,
  content: anyJson(['FastauthOAuthError', 'FastauthRefusal'], answer.content['application/json'].example),
});

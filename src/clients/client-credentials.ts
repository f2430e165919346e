import { OAuthRequestError } from './oauth-request.error.js';

/** How somebody tries to authenticate as a client. @see RFC 6749 section 2.3.1, RFC 7523 section 2.2 */
export type ClientCredentials =
  | {
      readonly method: 'client_secret_basic' | 'client_secret_post';
      readonly clientId: string;
      readonly secret: string;
    }
  | {
      readonly method: 'private_key_jwt';
      /** As it was sent besides; the assertion has to name the same one. */
      readonly clientId: string | undefined;
      readonly assertion: string;
    };

/** What is read of a request: the parameters of its body, each at most once. */
export interface CredentialParameters {
  readonly clientId: string | undefined;
  readonly clientSecret: string | undefined;
  readonly assertion: string | undefined;
  readonly assertionType: string | undefined;
}

export const JWT_BEARER = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/**
 * Whether somebody tries to authenticate as a client at all. Of the schemes of `Authorization` only Basic is a client's:
 * Bearer brings an access token.
 * @param authorization every `Authorization` header
 */
export function bringsClientCredentials(
  authorization: readonly string[],
  sent: CredentialParameters,
): boolean {
  return (
    authorization.some((header) => /^basic(?: |$)/i.test(header)) ||
    sent.clientSecret !== undefined ||
    sent.assertion !== undefined ||
    sent.assertionType !== undefined
  );
}

/**
 * The credentials of a request, brought in one way.
 * @param authorization every `Authorization` header
 * @throws OAuthRequestError there are none, or more than one
 */
export function readClientCredentials(
  authorization: readonly string[],
  { clientId, clientSecret, assertion, assertionType }: CredentialParameters,
): ClientCredentials {
  if (authorization.length > 1) throw new OAuthRequestError('invalid_request', 'Send Authorization once');
  const [header] = authorization;
  const ways = [header, clientSecret, assertion ?? assertionType].filter((way) => way !== undefined).length;
  if (ways > 1) {
    throw new OAuthRequestError('invalid_request', 'Authenticate in one way, not in several at once');
  }
  if (header !== undefined) return fromHeader(header, clientId);
  if (clientSecret !== undefined) {
    if (clientId === undefined) throw new OAuthRequestError('invalid_request', 'client_id is missing');
    return { method: 'client_secret_post', clientId, secret: clientSecret };
  }
  if (assertion !== undefined || assertionType !== undefined) {
    if (assertion === undefined || assertionType !== JWT_BEARER) {
      throw new OAuthRequestError(
        'invalid_request',
        `Send client_assertion with the client_assertion_type ${JWT_BEARER}`,
      );
    }
    return { method: 'private_key_jwt', clientId, assertion };
  }
  throw new OAuthRequestError('invalid_client', 'The client has to authenticate itself');
}

/** Both parts are encoded as forms are, before they are put together. */
function fromHeader(header: string, besides: string | undefined): ClientCredentials {
  const [, encoded] = /^basic +([\w+/]+={0,2})$/i.exec(header) ?? [];
  const text = encoded === undefined ? '' : Buffer.from(encoded, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  const [clientId, secret] =
    colon === -1 ? [] : [formDecoded(text.slice(0, colon)), formDecoded(text.slice(colon + 1))];
  if (clientId === undefined || secret === undefined) {
    throw new OAuthRequestError(
      'invalid_client',
      'Authorization holds no credentials of a client. Encode client_id and secret as a form each before base64 (RFC 6749 section 2.3.1)',
      true,
    );
  }
  if (besides !== undefined && besides !== clientId) {
    throw new OAuthRequestError('invalid_request', 'client_id is not the one of the Authorization header');
  }
  return { method: 'client_secret_basic', clientId, secret };
}

function formDecoded(text: string): string | undefined {
  if (!/[%+]/.test(text)) return text;
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return undefined;
  }
}

import type { AddressSource } from '../limits/client-address.js';
import type { RequestLine } from './request-line.js';

/** The part of a request that credentials travel in: HTTP requests and WebSocket handshakes alike. */
export interface CredentialSource extends AddressSource, RequestLine {
  readonly rawHeaders: readonly string[];
  /** Access tokens that a WebSocket handshake carries elsewhere than in headers of these names; undefined: no handshake. */
  readonly handshakeTokens?: readonly string[];
}

/** The credentials as sent; unverified. */
export interface Credentials {
  readonly masterToken: string | undefined;
  readonly accessToken: string | undefined;
}

/** A credential was sent more than once; which one counts would be a guess. @see RFC 6750 section 3.1 */
export const AMBIGUOUS = Symbol('ambiguous credentials');

const BEARER = /^bearer +([^ ]+) *$/i;

/** Reads MASTER-TOKEN, ACCESS-TOKEN and `Authorization: Bearer` (for access tokens only). */
export function readCredentials(source: CredentialSource): Credentials | typeof AMBIGUOUS {
  const { headers, handshakeTokens } = source;
  const masterToken = headers['master-token'] as string | undefined;
  let accessToken = headers['access-token'] as string | undefined;
  // Node joins repeated headers of one's own with a comma, so without a comma there was one.
  if (masterToken?.includes(',') && isRepeated(source, 'master-token')) return AMBIGUOUS;
  if (accessToken?.includes(',') && isRepeated(source, 'access-token')) return AMBIGUOUS;
  if (headers.authorization !== undefined) {
    // Of a repeated Authorization header Node keeps the first and says nothing.
    if (isRepeated(source, 'authorization')) return AMBIGUOUS;
    const bearer = BEARER.exec(headers.authorization)?.[1];
    if (bearer !== undefined) {
      if (accessToken !== undefined) return AMBIGUOUS;
      accessToken = bearer;
    }
  }
  if (handshakeTokens?.length) {
    if (accessToken !== undefined || handshakeTokens.length > 1) return AMBIGUOUS;
    accessToken = handshakeTokens[0];
  }
  return { masterToken: masterToken || undefined, accessToken: accessToken || undefined };
}

function isRepeated({ rawHeaders }: CredentialSource, name: string): boolean {
  let seen = false;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const candidate = rawHeaders[index];
    if (candidate?.length === name.length && candidate.toLowerCase() === name) {
      if (seen) return true;
      seen = true;
    }
  }
  return false;
}

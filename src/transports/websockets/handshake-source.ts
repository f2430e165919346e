import type { IncomingMessage } from 'node:http';
import type { CredentialSource } from '../../access/credentials.js';
import { takeProtocolTokens } from './protocol-tokens.js';
import type { IoSocket } from './socket-io/io-socket.js';

/** @see RFC 6750 section 2.3 */
const QUERY_PARAMETER = 'access_token';

/**
 * Where a WebSocket upgrade may carry credentials: headers, `Sec-WebSocket-Protocol: bearer, <token>`, and the
 * query string if that is allowed. Tokens are taken out of the request's list of subprotocols.
 */
export function sourceOfUpgrade(request: IncomingMessage, allowsQuery: boolean): CredentialSource {
  const { method, url } = request;
  const tokens = [...takeProtocolTokens(request), ...(allowsQuery ? queryTokens(url) : [])];
  return { ...sourceOf(request, tokens), method, url };
}

/** Where a socket.io handshake may carry credentials: headers, `auth.token`, and the query string if allowed. */
export function sourceOfIoSocket(socket: IoSocket, allowsQuery: boolean): CredentialSource {
  const { auth } = socket.handshake;
  const token: unknown =
    typeof auth === 'object' && auth !== null && Object.hasOwn(auth, 'token')
      ? Reflect.get(auth, 'token')
      : undefined;
  const tokens = [
    ...(token === undefined || token === null || token === '' ? [] : [textOf(token)]),
    ...(allowsQuery ? queryTokens(socket.request.url) : []),
  ];
  return { ...sourceOf(socket.request, tokens), url: socket.nsp.name };
}

function sourceOf(
  { headers, rawHeaders, socket }: IncomingMessage,
  handshakeTokens: string[],
): CredentialSource {
  return { headers, rawHeaders, socket, handshakeTokens };
}

/** A token of another type than text is no token; it is verified, and refused, as one that cannot be decoded. */
function textOf(token: unknown): string {
  return typeof token === 'string' ? token : '-';
}

function queryTokens(url = ''): string[] {
  const start = url.indexOf('?');
  return start === -1
    ? []
    : new URLSearchParams(url.slice(start)).getAll(QUERY_PARAMETER).filter((token) => token !== '');
}

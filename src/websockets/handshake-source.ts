import type { IncomingMessage } from 'node:http';
import type { CredentialSource } from '../access/credentials.js';
import type { IoSocket } from './io-socket.js';

/** The subprotocol by which a browser, which cannot set headers, announces that the next one is its token. */
export const BEARER_PROTOCOL = 'bearer';
/** @see RFC 6750 section 2.3 */
const QUERY_PARAMETER = 'access_token';

/**
 * Where a WebSocket upgrade may carry credentials: headers, `Sec-WebSocket-Protocol: bearer, <token>`, and the
 * query string if that is allowed. The token is taken out of the request's list of subprotocols, so that it
 * can neither be selected as one nor meet code that looks at them.
 */
export function sourceOfUpgrade(request: IncomingMessage, allowsQuery: boolean): CredentialSource {
  return sourceOf(request, [...takeProtocolToken(request), ...(allowsQuery ? queryTokens(request.url) : [])]);
}

/** Where a socket.io handshake may carry credentials: headers, `auth.token`, and the query string if allowed. */
export function sourceOfIoSocket(socket: IoSocket, allowsQuery: boolean): CredentialSource {
  const { auth } = socket.handshake;
  const token: unknown =
    typeof auth === 'object' && auth !== null && Object.hasOwn(auth, 'token')
      ? Reflect.get(auth, 'token')
      : undefined;
  return sourceOf(socket.request, [
    ...(token === undefined || token === null || token === '' ? [] : [textOf(token)]),
    ...(allowsQuery ? queryTokens(socket.request.url) : []),
  ]);
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

function takeProtocolToken(request: IncomingMessage): string[] {
  const offered = request.headers['sec-websocket-protocol']?.split(',').map((text) => text.trim());
  const announced = offered?.indexOf(BEARER_PROTOCOL) ?? -1;
  if (!offered || announced === -1) return [];
  const [token] = offered.splice(announced + 1, 1);
  request.headers['sec-websocket-protocol'] = offered.join(', ');
  return token ? [token] : [];
}

function queryTokens(url = ''): string[] {
  const start = url.indexOf('?');
  return start === -1
    ? []
    : new URLSearchParams(url.slice(start)).getAll(QUERY_PARAMETER).filter((token) => token !== '');
}

import type { IncomingMessage } from 'node:http';
import type { Call, Transport } from '../../access/call.js';
import { type CookieSource, fieldValue, readCredentials, type Sent } from '../../access/credentials.js';
import type { RequestLine } from '../../access/request-line.js';
import { correlationIdOfRequest } from '../../events/correlation-id.js';
import type { AddressSource } from '../../limits/client-address.js';
import { takeProtocolTokens } from './protocol-tokens.js';
import type { IoSocket } from './socket-io/io-socket.js';

/** @see RFC 6750 section 2.3 */
const QUERY_PARAMETER = 'access_token';

/** Where handshakes may carry an access token besides headers and what their library has for it. */
export interface HandshakeSources {
  /** Whether also in the query string. */
  readonly allowsQuery: boolean;
  readonly cookie: CookieSource | undefined;
}

/** A handshake of WebSocket or socket.io. */
class HandshakeCall implements Call {
  /** A socket outlives its handshake by hours and has no more use for the text of its token. */
  readonly connection = undefined;

  constructor(
    readonly transport: Transport,
    readonly carrier: object,
    private readonly request: IncomingMessage,
    /** Access tokens that were sent elsewhere than in headers. */
    private readonly tokens: readonly string[],
    readonly line: RequestLine,
    private readonly cookie: CookieSource | undefined,
  ) {}

  get sent(): Sent {
    return readCredentials(this.request, this.tokens, this.cookie);
  }

  get from(): AddressSource {
    return this.request;
  }

  get correlationId(): string {
    return correlationIdOfRequest(this.request);
  }
}

/**
 * Where a WebSocket upgrade may carry credentials: headers, `Sec-WebSocket-Protocol: bearer, <token>`, and the
 * query string if that is allowed. Tokens are taken out of the request's list of subprotocols.
 */
export function callOfUpgrade(request: IncomingMessage, { allowsQuery, cookie }: HandshakeSources): Call {
  const { method, url } = request;
  const tokens = [...takeProtocolTokens(request), ...(allowsQuery ? queryTokens(url) : [])];
  return new HandshakeCall('websocket', request, request, tokens, { method, url }, cookie);
}

/** Where a socket.io handshake may carry credentials: headers, `auth.token`, and the query string if allowed. */
export function callOfIoSocket(socket: IoSocket, { allowsQuery, cookie }: HandshakeSources): Call {
  const { auth } = socket.handshake;
  const token: unknown =
    typeof auth === 'object' && auth !== null && Object.hasOwn(auth, 'token')
      ? Reflect.get(auth, 'token')
      : undefined;
  const tokens = [
    ...(token === undefined || token === null ? [] : [textOf(token)]),
    ...(allowsQuery ? queryTokens(socket.request.url) : []),
  ];
  const sent = tokens.filter((each) => each !== '');
  return new HandshakeCall('socket.io', socket, socket.request, sent, { url: socket.nsp.name }, cookie);
}

/** A token of another type than text is no token; it is verified, and refused, as one that cannot be decoded. */
function textOf(token: unknown): string {
  return typeof token === 'string' ? fieldValue(token) : '-';
}

function queryTokens(url = ''): string[] {
  const start = url.indexOf('?');
  return start === -1
    ? []
    : new URLSearchParams(url.slice(start)).getAll(QUERY_PARAMETER).filter((token) => token !== '');
}

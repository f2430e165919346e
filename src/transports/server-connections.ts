import type { Server, ServerResponse } from 'node:http';
import type { ServerHttp2Session } from 'node:http2';
import type { Socket } from 'node:net';

/** Milliseconds; 0 would be for ever. */
const NEARLY_NO_TIME = 1;
/** How long a connection may be without a request, so that one which is just coming is still answered. */
const WITHOUT_REQUEST_MS = 500;

/** What Node keeps on a connection of HTTP/1: its parser until it is upgraded, and the answer that is under way. */
type HttpSocket = Socket & { readonly parser?: object | null; readonly _httpMessage?: ServerResponse | null };

/**
 * The connections of one of Node's servers, of HTTP/1 and HTTP/2, plain and TLS. A server that closes waits for all of
 * them, those included that never brought a request or half of one.
 */
export class ServerConnections {
  /** Each with when it was first seen without a request. */
  readonly #sockets = new Map<HttpSocket, number | undefined>();
  readonly #sessions = new Set<ServerHttp2Session>();
  #isClosing = false;

  constructor(private readonly server: Server) {
    const keep = (socket: Socket): void => {
      this.#sockets.set(socket, undefined);
      socket.once('close', () => this.#sockets.delete(socket));
    };
    server.on('connection', keep);
    // Of TLS, which comes on top of a connection; there is no such event otherwise.
    server.on('secureConnection', keep);
    server.on('session', (session: ServerHttp2Session) => {
      this.#sessions.add(session);
      session.once('close', () => this.#sessions.delete(session));
      if (this.#isClosing) session.close();
    });
  }

  get size(): number {
    return this.#sockets.size;
  }

  /** Answers under way are given, and those to requests that still come; no connection is kept after them. */
  close(): void {
    this.#isClosing = true;
    for (const { _httpMessage: answer } of this.#sockets.keys()) if (answer) beLast(answer);
    this.server.prependListener('request', (_request, answer) => beLast(answer));
    // Servers of HTTP/2 have neither.
    this.server.keepAliveTimeout = NEARLY_NO_TIME;
    this.server.closeIdleConnections?.();
    for (const session of this.#sessions) session.close();
  }

  /** Cuts those that have no request under way, and have had none for a moment. */
  cutIdle(): void {
    const now = performance.now();
    for (const [socket, idleSince] of this.#sockets) {
      const isIdle = Boolean(socket.parser) && !socket._httpMessage;
      if (!isIdle) this.#sockets.set(socket, undefined);
      else if (idleSince === undefined) this.#sockets.set(socket, now);
      else if (now - idleSince >= WITHOUT_REQUEST_MS) socket.destroy();
    }
  }

  /** Cuts all that there are. */
  cut(): void {
    for (const session of this.#sessions) session.destroy();
    for (const socket of this.#sockets.keys()) socket.destroy();
  }
}

/** Has the answer say that its connection ends, unless its head is sent: a client that is not told may send its next request in vain. */
function beLast(answer: ServerResponse): void {
  if (answer.shouldKeepAlive) answer.shouldKeepAlive = false;
}

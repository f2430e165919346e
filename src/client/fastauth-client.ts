import { attachSocketIo, type SocketIoLike } from './attach-socket-io.js';
import { type OpenWebSocket, presentTokens, reopen, type WebSocketLike } from './attach-web-socket.js';
import { authorizedFetch } from './authorized-fetch.js';
import { keepFresh } from './keep-fresh.js';
import type { TokenPair } from './kept-tokens.js';
import type { Fetch } from './post-form.js';
import { tokenSession } from './token-session.js';
import type { TokenStorage } from './token-storage.js';

export interface FastauthClientOptions {
  /** URL of the application, with its global prefix: `https://api.example.com/v1`. Tokens are sent to its origin only. */
  readonly baseUrl: string;
  /** Where the tokens are kept, such as `localStorage`, which tabs share. Default: in memory. */
  readonly storage?: TokenStorage;
  /** Key in the storage; clients of one name share a session. Default: `fastauth`. */
  readonly name?: string;
  /** Path of the token endpoints below `baseUrl`, without slashes around it. Default: `auth/token`. */
  readonly tokenPath?: string;
  /** How many seconds before its end a token is renewed; a fifth of its lifetime, if that is less. Default: 30. */
  readonly renewAhead?: number;
  /** Default: the global `fetch`. */
  readonly fetch?: Fetch;
}

export interface FastauthClient {
  /** `fetch`, with the access token where the URL (or path) is one of `baseUrl`'s origin. */
  readonly fetch: Fetch;
  /**
   * Begins a session with a pair from your login, in every tab.
   * @throws TypeError the pair lacks `access_token` or `refresh_token`, such as one in camelCase
   */
  login(pair: TokenPair): Promise<void>;
  /**
   * Ends the session in every tab and revokes it.
   * @throws FastauthClientError the server did not revoke it, or the error of `fetch`; it has ended here all the same
   */
  logout(): Promise<void>;
  /**
   * An access token, renewed if it is about to expire; undefined without a session.
   * @param refused the token that a server has refused, for clients of HTTP of your own
   * @throws FastauthClientError it could not be renewed now, or the error of `fetch`; the session is kept
   */
  token(refused?: string): Promise<string | undefined>;
  /**
   * Presents fresh tokens to a WebSocket or a socket of socket.io. A socket of socket.io also gets its token at each
   * attempt to connect; so does a WebSocket if you hand over a function that opens it, which is called again when the
   * connection is lost. What that function throws is an unhandled rejection: Node.js 20 has no global `WebSocket`.
   * @returns a function that ends this (and closes sockets that it opened)
   * @example client.attach((protocols) => new WebSocket('wss://api.example.com/feed', protocols))
   */
  attach(socket: WebSocketLike | SocketIoLike | OpenWebSocket): () => void;
  /** @param listener called when the session has ended, in whatever tab. @returns a function that ends the subscription */
  onEnded(listener: () => void): () => void;
  /** Stops listening to other tabs, and renewing for sockets. The session goes on. */
  close(): void;
}

/**
 * A client of an application with fastauth: keeps a pair of tokens, renews it before it expires and after a refusal,
 * once for all tabs.
 *
 * @example
 * const client = createFastauthClient({ baseUrl: 'https://api.example.com', storage: localStorage });
 * await client.login(pair);
 * const answer = await client.fetch('/devices');
 */
export function createFastauthClient(options: FastauthClientOptions): FastauthClient {
  const { baseUrl, tokenPath = 'auth/token', name = 'fastauth', renewAhead = 30 } = options;
  const base = baseUrl.replace(/\/*$/, '/');
  // A method of the window must be called on it.
  const send: Fetch = options.fetch ?? ((input, init) => fetch(input, init));
  const session = tokenSession({
    endpoints: `${base}${tokenPath}/`,
    send,
    storage: options.storage,
    name,
    ahead: renewAhead,
  });
  let attached = 0;
  let rest: () => void = () => undefined;
  return {
    fetch: authorizedFetch(session, base, send),
    login: session.begin,
    logout: session.end,
    token: session.token,
    attach(socket) {
      let detach: (() => void) | undefined =
        typeof socket === 'function'
          ? reopen(session, socket)
          : 'io' in socket
            ? attachSocketIo(session, socket)
            : presentTokens(session, socket);
      if (attached++ === 0) rest = keepFresh(session);
      return () => {
        detach?.();
        if (detach && --attached === 0) rest();
        detach = undefined;
      };
    },
    onEnded: (listener) =>
      session.onChange((token) => {
        if (!token) listener();
      }),
    close() {
      rest();
      session.close();
    },
  };
}

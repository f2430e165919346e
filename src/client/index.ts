/**
 * For those who call an application with fastauth: browsers, Node, Deno, Bun, React Native. No Nest, no dependency.
 *
 * @module
 */
export type { SocketIoLike } from './attach-socket-io.js';
export type { OpenWebSocket, WebSocketLike } from './attach-web-socket.js';
export {
  clientCredentials,
  type ClientCredentials,
  type ClientCredentialsOptions,
} from './client-credentials.js';
export { FastauthClientError } from './client-error.js';
export { createFastauthClient, type FastauthClient, type FastauthClientOptions } from './fastauth-client.js';
export type { TokenPair } from './kept-tokens.js';
export { messageHeaders, type MessageTokens } from './message-headers.js';
export type { Fetch } from './post-form.js';
export type { TokenStorage } from './token-storage.js';

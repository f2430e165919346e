import { BEARER_PROTOCOL } from '../wire/credential-names.js';
import { NORMAL_CLOSURE, POLICY_VIOLATION } from '../wire/close-code.js';
import { AUTHENTICATE, EXPIRING } from '../wire/socket-events.js';
import { now } from './clock.js';
import { LASTING } from './patience.js';
import { pause } from './pause.js';
import { isPassing, isRenewable } from './refusals.js';
import type { TokenSession } from './token-session.js';

/** What browsers, `ws` and others have in common. */
export interface WebSocketLike {
  readonly readyState: number;
  send(text: string): void;
  close(): void;
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void;
  addEventListener(
    type: 'close',
    listener: (event: { readonly code: number; readonly reason: string }) => void,
  ): void;
}

/** Opens a socket that offers these subprotocols. @example (protocols) => new WebSocket(url, protocols) */
export type OpenWebSocket = (protocols: string[]) => WebSocketLike;

const OPEN = 1;

/** Presents fresh tokens on a socket, in band. @param first the token that it came with @returns a function that ends it */
export function presentTokens(session: TokenSession, socket: WebSocketLike, first?: string): () => void {
  let presented = first;
  /** What the server has answered about; what it says of another one has crossed what was presented. */
  let held = first;
  const present = (token: string | undefined): void => {
    if (!token || token === presented || socket.readyState !== OPEN) return;
    presented = token;
    socket.send(JSON.stringify({ event: AUTHENTICATE, data: { access_token: token } }));
  };
  const offer = (refused?: string): void => void session.token(refused).then(present, () => undefined);
  socket.addEventListener('message', ({ data }) => {
    const isOf = (event: string): boolean => String(data).startsWith(`{"event":"${event}"`);
    if (isOf(AUTHENTICATE)) held = presented;
    if (isOf(EXPIRING)) offer(held);
  });
  // The socket may have been opened a while after its token was read.
  offer();
  return session.onChange(present);
}

/** Keeps a socket open: the token is read at each attempt. @returns a function that ends it */
export function reopen(session: TokenSession, open: OpenWebSocket): () => void {
  let isOver = false;
  let isTrying = false;
  let socket: WebSocketLike | undefined;
  let failures = 0;
  let refused: string | undefined;
  const attempt = async (): Promise<void> => {
    if (isTrying || isOver || socket) return;
    isTrying = true;
    const token = await session.token(refused).catch(() => void again());
    isTrying = false;
    // Where `open` throws, as where there is no WebSocket, so does this: nobody would see that it never opens one.
    if (token && !isOver) connect(token);
  };
  const again = async (): Promise<void> => {
    await pause(failures++);
    await attempt();
  };
  const connect = (token: string): void => {
    const opened = open([BEARER_PROTOCOL, token]);
    const openedAt = now();
    socket = opened;
    const stop = presentTokens(session, opened, token);
    opened.addEventListener('close', ({ code, reason }) => {
      stop();
      socket = undefined;
      if (now() - openedAt > LASTING) failures = 0;
      refused = isRenewable(reason) ? token : undefined;
      if (code === NORMAL_CLOSURE || (code === POLICY_VIOLATION && !refused && !isPassing(reason))) return;
      // A fresh token need not wait, unless the one before was refused as well.
      if (refused && failures++ === 0) void attempt();
      else void again();
    });
  };
  const unlisten = session.onChange((token) => {
    if (token) void attempt();
  });
  void attempt();
  return () => {
    isOver = true;
    unlisten();
    socket?.close();
  };
}

import { AUTHENTICATE, ENDED, EXPIRING } from '../wire/socket-events.js';
import { pause } from './pause.js';
import { isPassing, isRenewable } from './refusals.js';
import type { TokenSession } from './token-session.js';

type Listener = (message: unknown) => void;

/** What is used of a socket of socket.io-client. */
export interface SocketIoLike {
  readonly io: object;
  readonly connected: boolean;
  auth: object | ((done: (auth: object) => void) => void);
  connect(): unknown;
  emit(event: string, message: object): unknown;
  on(event: string, listener: (message: unknown) => void): unknown;
  off(event: string, listener: (message: unknown) => void): unknown;
}

/**
 * Lets a socket of socket.io read its token at each attempt, present fresh ones in band, and come back where socket.io
 * does not by itself: after a refusal, and after the server has ended it.
 * @returns a function that ends it
 */
export function attachSocketIo(session: TokenSession, socket: SocketIoLike): () => void {
  const given = typeof socket.auth === 'function' ? {} : socket.auth;
  let isOver = false;
  let presented: string | undefined;
  /** What the server has answered about; what it says of another one has crossed what was presented. */
  let held: string | undefined;
  let refused: string | undefined;
  let failures = 0;
  let isWaiting = false;
  socket.auth = (done) => {
    const answer = (token: string | undefined): void => {
      presented = held = token;
      done({ ...given, ...(token ? { token } : {}) });
    };
    // Where it cannot be renewed now, the server says what it thinks of the old one.
    session.token(refused).then(answer, () => answer(presented));
  };
  const present = (token: string | undefined): void => {
    if (token && isWaiting) void comeBack();
    if (!token || token === presented || !socket.connected) return;
    presented = token;
    socket.emit(AUTHENTICATE, { access_token: token });
  };
  const offer = (stale?: string): void => void session.token(stale).then(present, () => undefined);
  const comeBack = async (): Promise<void> => {
    const token = await session.token(refused).catch(() => presented);
    // Whoever has no session asks nothing of a server until there is one.
    isWaiting = !token;
    if (token && !isOver && !socket.connected) socket.connect();
  };
  const retry = async (code: unknown): Promise<void> => {
    if (isRenewable(code)) refused = presented;
    else if (presented && !isPassing(code)) return;
    // A fresh token need not wait, unless the one before was refused as well.
    if (failures++ > 0 || isPassing(code)) await pause(failures);
    await comeBack();
  };
  const listeners: Record<string, (message: never) => void> = {
    connect: () => {
      failures = 0;
      refused = undefined;
      offer();
    },
    connect_error: ({ data }: { data?: { code?: unknown } }) => void retry(data?.code),
    [ENDED]: ({ code }: { code?: unknown }) => {
      if (isRenewable(code)) refused = presented;
    },
    disconnect: (reason: string) => {
      if (reason === 'io server disconnect' && refused) void comeBack();
    },
    [AUTHENTICATE]: () => (held = presented),
    [EXPIRING]: () => offer(held),
  };
  for (const [event, listener] of Object.entries(listeners)) socket.on(event, listener as Listener);
  const unlisten = session.onChange(present);
  return () => {
    isOver = true;
    unlisten();
    for (const [event, listener] of Object.entries(listeners)) socket.off(event, listener as Listener);
  };
}

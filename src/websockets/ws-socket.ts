import { AUTHENTICATE, type SocketEnding } from './socket-ending.js';
import type { SocketKind } from './socket-kind.js';
import { POLICY_VIOLATION } from './socket-refusal.js';

/** What of a `WebSocket` of ws is used here; ws itself is not imported. */
export interface WsSocket {
  readonly readyState: number;
  emit(event: string, ...args: unknown[]): boolean;
  on(event: 'error', listener: () => void): void;
  once(event: 'close', listener: () => void): void;
  send(text: string): void;
  close(code: number, reason?: string): void;
  terminate(): void;
}

const OPEN = 1;

export const WS_SOCKETS: SocketKind<WsSocket> = {
  isOpen: (socket) => socket.readyState === OPEN,
  tell: (socket, event, data) => socket.send(JSON.stringify({ event, data })),
  end(socket, { code, detail }: SocketEnding) {
    socket.send(JSON.stringify({ status: 'error', detail }));
    socket.close(POLICY_VIOLATION, code);
  },
  cut: (socket) => socket.terminate(),
};

/** A token is at most 8 KiB; longer frames are the application's, unread. */
const LONGEST_FRAME = 10 * 1024;
const NAME = `"${AUTHENTICATE}"`;

/**
 * Takes the messages that are for us out of those that a socket hears, so that no token in them meets code that logs
 * or echoes messages.
 * @param onAuthenticate gets the data of each {@link AUTHENTICATE} message
 * @param isDeaf whether nothing that comes counts any more
 */
export function interceptMessages(
  socket: WsSocket,
  onAuthenticate: (data: unknown) => void,
  isDeaf: () => boolean,
): void {
  const emit = socket.emit.bind(socket);
  socket.emit = (event, ...args) => {
    if (event !== 'message') return emit(event, ...args);
    if (isDeaf()) return true;
    const message = authenticateMessage(args[0], args[1]);
    if (!message) return emit(event, ...args);
    onAuthenticate(message.data);
    return true;
  };
}

function authenticateMessage(frame: unknown, isBinary: unknown): { readonly data?: unknown } | undefined {
  if (isBinary === true || !Buffer.isBuffer(frame)) return undefined;
  if (frame.length > LONGEST_FRAME || !frame.includes(NAME)) return undefined;
  try {
    const message: unknown = JSON.parse(frame.toString());
    const isOurs =
      typeof message === 'object' && message !== null && Reflect.get(message, 'event') === AUTHENTICATE;
    return isOurs ? message : undefined;
  } catch {
    return undefined;
  }
}

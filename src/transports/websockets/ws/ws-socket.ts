import { SafeLogger } from '../../../events/safe-logger.js';
import { AUTHENTICATE } from '../../../wire/socket-events.js';
import type { SocketEnding } from '../../live/socket-ending.js';
import type { TalkativeSocketKind } from '../../live/socket-kind.js';
import { POLICY_VIOLATION } from '../../../wire/close-code.js';
import { MessageRefusal } from '../socket-refusal.js';

/** What of a `WebSocket` of ws is used here; ws itself is not imported. */
export interface WsSocket {
  readonly readyState: number;
  /** Whether the application has paused it. */
  readonly isPaused: boolean;
  emit(event: string, ...args: unknown[]): boolean;
  on(event: 'error', listener: () => void): void;
  once(event: 'close', listener: () => void): void;
  send(text: string): void;
  close(code: number, reason?: string): void;
  ping(): void;
  terminate(): void;
}

const OPEN = 1;
const LOGGER = new SafeLogger();

export const WS_SOCKETS: TalkativeSocketKind<WsSocket> = {
  isOpen: (socket) => socket.readyState === OPEN,
  tell: (socket, event, data) => socket.send(JSON.stringify({ event, data })),
  end(socket, { code, detail }: SocketEnding) {
    // An application may have put something of its own in the place of `send`.
    LOGGER.contain('Telling a socket of its end', () =>
      socket.send(JSON.stringify({ status: 'error', detail })),
    );
    socket.close(POLICY_VIOLATION, code);
  },
  cut: (socket) => socket.terminate(),
};

// As bytes: searching for a text costs several times as much.
const NAME = Buffer.from(AUTHENTICATE);
const BACKSLASH = 0x5c;
/** How JSON spells an ASCII character of the name otherwise. */
const ESCAPE = Buffer.from(String.raw`\u00`);

/**
 * Takes the messages that are for us out of those that a socket hears, so that no token in them meets code that logs
 * or echoes messages. Refusals are sent: Nest 11's filter emits them, which tells nobody but listeners on this side.
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
    if (event === 'exception' && args[0] instanceof MessageRefusal) {
      WS_SOCKETS.tell(socket, event, args[0]);
      return true;
    }
    if (event !== 'message') return emit(event, ...args);
    if (isDeaf()) return true;
    const message = authenticateMessage(args[0]);
    if (!message) return emit(event, ...args);
    onAuthenticate(message.data);
    return true;
  };
}

/** Reads what Nest's adapter would read, text and binary alike; only what may be ours is parsed. */
function authenticateMessage(data: unknown): { readonly data?: unknown } | undefined {
  const frame = bufferOf(data);
  if (!frame || !mayName(frame)) return undefined;
  try {
    const message: unknown = JSON.parse(frame.toString());
    const isOurs =
      typeof message === 'object' && message !== null && Reflect.get(message, 'event') === AUTHENTICATE;
    return isOurs ? message : undefined;
  } catch {
    return undefined;
  }
}

function mayName(frame: Buffer): boolean {
  return frame.includes(NAME) || (frame.includes(BACKSLASH) && frame.includes(ESCAPE));
}

/** Binary messages come as the socket's `binaryType` says. */
function bufferOf(data: unknown): Buffer | undefined {
  if (Buffer.isBuffer(data)) return data;
  if (data instanceof ArrayBuffer) return Buffer.from(data);
  return Array.isArray(data) ? Buffer.concat(data as Buffer[]) : undefined;
}

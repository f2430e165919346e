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
  on(event: 'close', listener: (this: WsSocket) => void): void;
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

type Emit = WsSocket['emit'];

/**
 * Takes the messages that are for us out of those that sockets hear, so that no token in them meets code that logs
 * or echoes messages. Refusals are sent: Nest 11's filter emits them, which tells nobody but listeners on this side.
 * One for all sockets of a server, so that a socket costs no functions of its own.
 */
export class MessageInterceptor {
  readonly #interceptors = new WeakMap<Emit, Emit>();

  /**
   * @param onAuthenticate gets the data of each {@link AUTHENTICATE} message
   * @param isDeaf whether nothing that comes by the socket counts any more
   */
  constructor(
    private readonly onAuthenticate: (socket: WsSocket, data: unknown) => void,
    private readonly isDeaf: (socket: WsSocket) => boolean,
  ) {}

  intercept(socket: WsSocket): void {
    const { emit } = socket;
    let intercepting = this.#interceptors.get(emit);
    if (!intercepting) this.#interceptors.set(emit, (intercepting = this.#around(emit)));
    socket.emit = intercepting;
  }

  #around(emit: Emit): Emit {
    const takes = (socket: WsSocket, event: string, first: unknown): boolean =>
      this.#takes(socket, event, first);
    return function (this: WsSocket, event, ...args) {
      return takes(this, event, args[0]) || emit.call(this, event, ...args);
    };
  }

  /** Whether the event is not for the application. */
  #takes(socket: WsSocket, event: string, first: unknown): boolean {
    if (event === 'exception' && first instanceof MessageRefusal) {
      WS_SOCKETS.tell(socket, event, first);
      return true;
    }
    if (event !== 'message') return false;
    if (this.isDeaf(socket)) return true;
    const message = authenticateMessage(first);
    if (message) this.onAuthenticate(socket, message.data);
    return message !== undefined;
  }
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

import type { Denial } from '../../access/denial.js';
import type { SocketKind } from '../live/socket-kind.js';
import { INTERNAL_ERROR, TRY_AGAIN_LATER } from '../../wire/close-code.js';

/** What of a `WebSocket` of ws is used here; ws itself is not imported. */
export interface GraphqlSocket {
  readonly readyState: number;
  once(event: 'close', listener: () => void): void;
  close(code: number, reason?: string): void;
  terminate(): void;
}

const OPEN = 1;
/** Of graphql-ws. @see https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md */
const UNAUTHORIZED = 4401;
const FORBIDDEN = 4403;

/** Its protocol has no messages for what a client should know before its end. */
export const GRAPHQL_SOCKETS: SocketKind<GraphqlSocket> = {
  isOpen: ({ readyState }) => readyState === OPEN,
  end: (socket, { code }) => socket.close(UNAUTHORIZED, code),
  cut: (socket) => socket.terminate(),
};

export function isGraphqlSocket(socket: unknown): socket is GraphqlSocket {
  return (
    typeof socket === 'object' &&
    socket !== null &&
    ['once', 'close', 'terminate'].every((name) => typeof Reflect.get(socket, name) === 'function')
  );
}

/** With which code a connection is closed for this denial; its reason is our code. */
export function closeCodeOf({ status }: Denial): number {
  switch (status) {
    case 403:
      return FORBIDDEN;
    case 500:
      return INTERNAL_ERROR;
    case 503:
      return TRY_AGAIN_LATER;
    default:
      return UNAUTHORIZED;
  }
}

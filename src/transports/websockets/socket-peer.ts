import type { Call, Transport } from '../../access/call.js';
import type { Requirement } from '../../access/requirement.js';
import { correlationIdOf } from '../../events/correlation-id.js';

/** Who is at the other end of a socket, as its handshake told. */
export interface SocketPeer {
  /** For limits and the audit trail. */
  readonly address: string | undefined;
  readonly transport: Transport;
  /** Ties what is told of the socket's messages to its handshake. */
  readonly correlationId: string;
  /** What it came in by. */
  readonly requirement: Requirement;
}

const PEER = Symbol('fastauth:peer');

type Carrier = object & { [PEER]?: SocketPeer };

/** @param carrier the handshake's request, or a socket */
export function readPeer(carrier: object): SocketPeer | undefined {
  return (carrier as Carrier)[PEER];
}

export function writePeer(carrier: object, peer: SocketPeer): void {
  (carrier as Carrier)[PEER] = peer;
}

/** A message of this socket: what its handshake said of the peer, and this token if there is one. */
export function callOfMessage(socket: object, token?: string): Call {
  const peer = readPeer(socket);
  const { address, transport = 'websocket', correlationId = correlationIdOf({}) } = peer ?? {};
  return {
    transport,
    carrier: socket,
    sent: { masterToken: undefined, accessToken: token },
    from: { headers: {}, socket: { remoteAddress: address } },
    line: {},
    correlationId,
    connection: undefined,
  };
}

import type { CredentialSource } from '../../access/credentials.js';

/** Who is at the other end of a socket, as its handshake told. */
export interface SocketPeer {
  /** For limits and the audit trail. */
  readonly address: string | undefined;
  /** Ties what is told of the socket's messages to its handshake. */
  readonly correlationId: string;
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

/** What a message of this socket comes with: what its handshake said of the peer, and this token if there is one. */
export function sourceOfMessage(socket: object, token?: string): CredentialSource {
  const peer = readPeer(socket);
  return {
    headers: peer ? { 'x-request-id': peer.correlationId } : {},
    rawHeaders: [],
    socket: { remoteAddress: peer?.address },
    handshakeTokens: token === undefined ? [] : [token],
  };
}

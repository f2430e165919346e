import type { AddressSource } from '../limits/client-address.js';
import type { Sent } from './credentials.js';
import type { RequestLine } from './request-line.js';

/** How a call comes. */
export type Transport = 'http' | 'websocket' | 'socket.io' | 'message';

/** What a transport hands in of one call: a request, a handshake, a message. */
export interface Call {
  /** By which it came, for audits. */
  readonly transport: Transport;
  /** What the proof is kept on: Node's request, a socket, the context of a message. */
  readonly carrier: object;
  /** The credentials as they were sent, unverified. */
  readonly sent: Sent;
  /** Where it came from, for limits and audits. */
  readonly from: AddressSource;
  /** What it asked for, for audits. */
  readonly line: RequestLine;
  /** Ties what is reported of it together. */
  readonly correlationId: string;
  /** What may keep a verified token for the next call: an HTTP connection; undefined where there is none. */
  readonly connection: object | undefined;
}

import { MESSAGE_TRANSPORTS, type MessageClient } from '../message-transports.js';
import type { Service } from '../services.js';
import {
  type Caller,
  callHttp,
  callIo,
  callQuery,
  callSse,
  callSubscription,
  callWs,
  grouped,
} from './table-callers.js';
import { patternOf } from './table-routes.js';
import type { SentHeader, TableRow } from './table-rows.js';

/** The two applications that together have all transports; tokens are each one's own. */
export type TableAppName = 'express' | 'fastify';

export interface TableTransport {
  readonly name: string;
  readonly app: TableAppName;
  readonly service?: Service | undefined;
  /** @param port of its microservice, where it is one that listens itself */
  connect(port: number): Caller;
  close?(): unknown;
  /** Why these headers cannot be sent there; undefined if they can. */
  cannotCarry(headers: readonly SentHeader[]): string | undefined;
  verdictOf(row: TableRow): string;
}

const sameVerdict = ({ verdict }: TableRow): string => verdict;

const single = (name: string, app: TableAppName, call: Caller): TableTransport => ({
  name,
  app,
  connect: () => call,
  cannotCarry: () => undefined,
  verdictOf: sameVerdict,
});

const codeOf = (error: unknown): string => {
  const { code, metadata } = error as { code: unknown; metadata?: { get(name: string): unknown[] } };
  return String((metadata ? metadata.get('fastauth-code')[0] : code) ?? error);
};

const isAscii = (text: string): boolean => /^[\x20-\x7e]*$/.test(text);
const hasHeader = (headers: readonly SentHeader[], name: string): boolean =>
  headers.some((header) => header[0] === name);

/** What the transport, or its client in Node, has no way to say: fastauth never sees it. */
const CANNOT_CARRY: Readonly<Record<string, TableTransport['cannotCarry']>> = {
  TCP: noAuthorization,
  Redis: noAuthorization,
  gRPC: (headers) => {
    if (!headers.every(([, value]) => isAscii(value))) return 'metadata of gRPC is ASCII';
    if (headers.some(([, value]) => value.includes(','))) return 'gRPC joins several values with commas';
    if (headers.some(([, value]) => value !== value.trim()))
      return 'HTTP/2 drops values with spaces around them';
    if (headers.filter(([name]) => name === 'authorization').length > 1)
      return 'gRPC has one `authorization`';
    return undefined;
  },
};

function noAuthorization(headers: readonly SentHeader[]): string | undefined {
  return hasHeader(headers, 'authorization') ? 'a payload has no `Authorization`' : undefined;
}

const MESSAGES = MESSAGE_TRANSPORTS.map(({ name, service, connect }): TableTransport => {
  let client: MessageClient | undefined;
  return {
    name,
    app: 'express',
    service,
    connect: (port) => {
      client = connect(port);
      return async (_url, target, headers) => {
        try {
          const answer = (await client?.send(patternOf(target), grouped(headers))) as { text?: string };
          return String(answer.text);
        } catch (error) {
          return codeOf(error);
        }
      };
    },
    close: () => client?.close(),
    cannotCarry: CANNOT_CARRY[name] ?? (() => undefined),
    verdictOf: sameVerdict,
  };
});

export const TABLE_TRANSPORTS: readonly TableTransport[] = [
  single('HTTP on Express', 'express', callHttp),
  single('HTTP on Fastify', 'fastify', callHttp),
  single('SSE', 'express', callSse),
  single('ws', 'fastify', callWs),
  single('socket.io', 'express', callIo),
  single('GraphQL query', 'express', callQuery),
  {
    ...single('GraphQL subscription', 'express', callSubscription),
    verdictOf: ({ ofConnection, verdict }) => ofConnection ?? verdict,
  },
  ...MESSAGES,
];

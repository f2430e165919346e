import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { createClient } from 'graphql-ws';
import { io } from 'socket.io-client';
import { WebSocket } from 'ws';
import type { GraphqlError } from '../graphql-app.js';
import { sendRaw } from '../raw-request.js';
import { TestSocket } from '../sockets.js';
import type { SentHeader } from './table-rows.js';
import type { Target } from './table-targets.js';

/** Calls the target with these headers. Resolves with `admitted`, or with the code of the refusal. */
export type Caller = (url: string, target: Target, headers: readonly SentHeader[]) => Promise<string>;

const ANSWER_WITHIN_MS = 3000;

/** The answer; or, where a call was lost, that. */
export function orSilence(answer: Promise<string>): Promise<string> {
  let timer: NodeJS.Timeout | undefined;
  const silence = new Promise<string>((resolve) => {
    timer = setTimeout(resolve, ANSWER_WITHIN_MS, 'no answer');
  });
  return Promise.race([answer, silence]).finally(() => clearTimeout(timer));
}

/** One value, or all of those that a name was sent with. */
export function grouped(headers: readonly SentHeader[]): Record<string, string | string[]> {
  const values: Record<string, string | string[]> = {};
  for (const [name, value] of headers) {
    const before = values[name];
    values[name] = before === undefined ? value : [before, value].flat();
  }
  return values;
}

async function raw(
  url: string,
  line: string,
  headers: readonly (readonly [name: string, value: string])[],
  body = '',
) {
  const all = [['Host', 'localhost'], ['Connection', 'close'], ...headers] as const;
  const head = [`${line} HTTP/1.1`, ...all.map(([name, value]) => `${name}: ${value}`)];
  return sendRaw(url, `${head.join('\r\n')}\r\n\r\n${body}`);
}

const json = (body: string): unknown => JSON.parse(body.slice(body.indexOf('{'), body.lastIndexOf('}') + 1));

const verdictOfBody = (status: number, body: string): string => {
  const { text, code } = json(body) as { text?: string; code?: string };
  return (status === 200 ? text : code) ?? `status ${status}`;
};

export const callHttp: Caller = async (url, target, headers) => {
  const { status, body } = await raw(url, `GET /${target}`, headers);
  return verdictOfBody(status, body);
};

/** Hears the first event, and leaves. */
export const callSse: Caller = async (url, target, headers) => {
  const request = get(`${url}/sse/${target}`, { headers: grouped(headers), agent: false });
  try {
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    let heard = '';
    for await (const chunk of response) {
      heard += String(chunk);
      if (heard.includes('}')) break;
    }
    return verdictOfBody(response.statusCode ?? 0, heard);
  } finally {
    request.destroy();
  }
};

export const callWs: Caller = async (url, target, headers) => {
  const socket = TestSocket.open(`${url}/ws/${target}`, {
    headers: grouped(headers) as Record<string, string>,
  });
  try {
    const { text } = (await socket.frame(0)) as { text?: string };
    if (text !== undefined) return text;
    const code = await socket.closed();
    return code === 1008 ? (socket.closeReason ?? '') : `closed with ${code}`;
  } finally {
    socket.close();
  }
};

export const callIo: Caller = async (url, target, headers) => {
  const client = io(`${url}/${target}`, {
    forceNew: true,
    reconnection: false,
    transports: ['websocket'],
    extraHeaders: grouped(headers) as Record<string, string>,
  });
  try {
    return await new Promise((resolve) => {
      client.on('connect', () => resolve('admitted'));
      client.on('connect_error', (error: Error & { data?: { code?: string } }) =>
        resolve(error.data?.code ?? error.message),
      );
    });
  } finally {
    client.close();
  }
};

const verdictOf = (errors: readonly GraphqlError[] = []): string =>
  errors.length === 0 ? 'admitted' : (errors[0]?.extensions?.fastauth?.code ?? String(errors[0]?.message));

export const callQuery: Caller = async (url, target, headers) => {
  const query = JSON.stringify({ query: `{ ${target} }` });
  const ofBody = [
    ['Content-Type', 'application/json'],
    ['Content-Length', String(query.length)],
  ] as const;
  const { body } = await raw(url, 'POST /graphql', [...ofBody, ...headers], query);
  return verdictOf((json(body) as { errors?: readonly GraphqlError[] }).errors);
};

/** In `connectionParams`. One name that is sent twice is there in two spellings: an object has no other way. */
export const callSubscription: Caller = async (url, target, headers) => {
  const connectionParams = Object.fromEntries(
    headers.map(([name, value], index) => {
      const isAgain = headers.findIndex(([other]) => other === name) < index;
      return [isAgain ? name.toUpperCase() : name, value];
    }),
  );
  const client = createClient({
    url: `${url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    retryAttempts: 0,
    connectionParams,
  });
  try {
    return await new Promise((resolve) => {
      client.on('closed', (event) => resolve((event as { reason: string }).reason));
      client.subscribe(
        { query: `subscription { ${target}Events }` },
        {
          next: ({ errors }) => resolve(verdictOf(errors as never)),
          error: (error) => {
            if (Array.isArray(error)) resolve(verdictOf(error as never));
          },
          complete: () => undefined,
        },
      );
    });
  } finally {
    await client.dispose();
  }
};

import { randomBytes } from 'node:crypto';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { JsonChild } from '../support/child-process.js';
import { compile, type CompiledFiles } from '../support/compile.js';
import { sendRaw } from '../support/raw-request.js';
import { TestSocket } from '../support/sockets.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';

/** How long everything at once lasts. `LOAD_SECONDS=180 npm test -- test/faults/load.spec.ts` is the long run. */
const SECONDS = Number(process.env['LOAD_SECONDS'] ?? 5);
/** How much longer valid requests may take than on the idle server, at the 99th percentile. */
const FACTOR = Number(process.env['LOAD_FACTOR'] ?? 5);
/** Milliseconds: below it, a factor says nothing. */
const LEAST_P99 = 50;
const LEAST_PROBES = 200;
const GROWTH_BYTES = 20e6;
const MEBIBYTE = 2 ** 20;
const MASTER = { 'MASTER-TOKEN': 'master-token-of-the-tests' };
const CLIENTS = 20;

interface State {
  readonly used: number;
  readonly connections: number;
  readonly live: number;
}
interface Pair {
  readonly access_token: string;
  readonly refresh_token: string;
}

let compiled: CompiledFiles;
let child: JsonChild;
let url: string;
const agent = new Agent({ keepAlive: true });

beforeAll(async () => {
  compiled = await compile('test/support/socket-server.ts');
  // Sessions that were revoked are remembered on disk, and caches are full after some seconds: what grows is a leak.
  const databaseUrl = `lmdb:${join(temporaryFolder(), 'store')}`;
  const settings = JSON.stringify({ verifiedTokenCacheSize: 200, trackedCacheSize: 200 });
  const args = ['--expose-gc', compiled.entry, databaseUrl, 'fastauth', 'ws', settings];
  child = new JsonChild(process.execPath, args);
  url = (await child.next<{ url: string }>())?.url ?? '';
});
afterAll(async () => {
  agent.destroy();
  await child.end();
  compiled.remove();
  removeTemporaryFolders();
});

interface Reply {
  readonly status: number;
  readonly text: string;
}

function send(path: string, headers: Record<string, string>, body?: object): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const method = body ? 'POST' : 'GET';
    const type = body ? { 'content-type': 'application/json' } : {};
    request(url + path, { method, agent, headers: { ...headers, ...type } }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk) => (text += String(chunk)));
      response.once('end', () => resolve({ status: response.statusCode ?? 0, text }));
    })
      .once('error', reject)
      .end(body && JSON.stringify(body));
  });
}

async function issue(clientId: string): Promise<Pair> {
  return JSON.parse((await send('/auth/token/new', MASTER, { client_id: clientId })).text).data;
}

async function state(): Promise<State> {
  child.tell(['state']);
  return (await child.next<State>()) as State;
}

/** Times guarded requests with a good token, one after the other with a pause, and answers their 99th percentile. */
async function p99(token: string, isOver: (count: number) => boolean): Promise<number> {
  const times: number[] = [];
  while (!isOver(times.length)) {
    const start = performance.now();
    expect((await send('/whoami', { 'ACCESS-TOKEN': token })).status).toBe(200);
    times.push(performance.now() - start);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  times.sort((a, b) => a - b);
  return times[Math.floor(times.length * 0.99)] ?? 0;
}

it(
  `${SECONDS} seconds of everything at once leave no memory behind and good clients are served`,
  async () => {
    const counts: Record<string, number> = {};
    const over = new AbortController();
    const repeat = async (name: string, act: (round: number) => Promise<void>): Promise<void> => {
      for (let round = 0; !over.signal.aborted; round++) {
        await act(round);
        counts[name] = (counts[name] ?? 0) + 1;
      }
    };
    const expectStatus = async (answer: Promise<Reply>, ...statuses: number[]): Promise<Reply> => {
      const reply = await answer;
      expect(statuses).toContain(reply.status);
      return reply;
    };
    const users = (client: number) => async (): Promise<void> => {
      const first = await issue(`client-${client}`);
      await expectStatus(send('/whoami', { 'ACCESS-TOKEN': first.access_token }), 200);
      const { text } = await expectStatus(
        send('/auth/token/refresh', {}, { refresh_token: first.refresh_token }),
        200,
      );
      const { access_token: token }: Pair = JSON.parse(text).data;
      await expectStatus(send('/auth/token/introspect', MASTER, { token }), 200);
      await expectStatus(send('/auth/token/revoke', {}, { token }), 200);
      // Whoever shows dead tokens all the time is told to wait.
      await expectStatus(send('/whoami', { 'ACCESS-TOKEN': token }), 401, 429);
    };
    const probe = await issue('probe');
    // Whatever is made once and kept is there before memory is looked at: code, caches, connections.
    await Promise.all(Array.from({ length: CLIENTS }, (_, client) => users(client)()));
    const before = await state();
    const idle = await p99(probe.access_token, (count) => count >= LEAST_PROBES);

    const badToken = (): string =>
      `${probe.access_token.slice(0, -20)}${randomBytes(15).toString('base64url')}`;
    const everything = [
      ...Array.from({ length: 4 }, (_, client) => repeat('users', users(client))),
      ...Array.from({ length: 4 }, () =>
        repeat('bad tokens', async () => {
          expect([401, 429]).toContain((await send('/whoami', { 'ACCESS-TOKEN': badToken() })).status);
        }),
      ),
      repeat('headers', async (round) => {
        const size = [16_000, 65_536, MEBIBYTE][round % 3] as number;
        const lines = [
          'GET /whoami HTTP/1.1',
          'Host: x',
          'Connection: close',
          `ACCESS-TOKEN: ${'a'.repeat(size)}`,
        ];
        const { status } = await sendRaw(url, [...lines, '', ''].join('\r\n'));
        // 0: the rest of it met a connection that the server had closed already.
        expect([0, 400, 401, 429, 431]).toContain(status);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }),
      repeat('sockets', async () => {
        const tokens = Array.from({ length: 10 }, (_, n) => (n % 2 ? probe.access_token : badToken()));
        const sockets = tokens.map((token) =>
          TestSocket.open(`${url}/live`, { headers: { 'ACCESS-TOKEN': token } }),
        );
        await Promise.all(sockets.map((socket) => socket.opened()));
        for (const socket of sockets) socket.close();
      }),
    ];
    const end = performance.now() + SECONDS * 1000;
    const loaded = await p99(probe.access_token, () => performance.now() > end);
    over.abort();
    await Promise.all(everything);
    agent.destroy();
    await new Promise((resolve) => setTimeout(resolve, 500));
    const after = await state();
    const figures = { idle, loaded, growth: after.used - before.used, ...counts };
    if (process.env['LOAD_SECONDS']) process.stdout.write(`${JSON.stringify(figures)}\n`);

    expect(Object.values(counts).every((count) => count > SECONDS)).toBe(true);
    expect(figures.growth).toBeLessThan(GROWTH_BYTES);
    expect(loaded).toBeLessThan(FACTOR * Math.max(idle, LEAST_P99));
    expect([after.live, after.connections]).toEqual([0, 0]);
  },
  SECONDS * 1000 + 60_000,
);

import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import type { SessionRecord, TokenPair } from '../../src/sessions/session-record.js';
import { LmdbTokenStore } from '../../src/stores/lmdb/lmdb.store.js';
import { ADAPTERS, startApp } from '../support/app.js';
import { PersistenceServer } from '../support/persistence-server.js';
import { type RawAnswer, sendRaw } from '../support/raw-request.js';
import { RoutesController } from '../support/routes.controller.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';

/** Few connections with many requests each, all sent at once: a thousand at a time would meet the backlog's limit. */
const CONNECTIONS = 50;
const REQUESTS = 20;
const REFRESHES = CONNECTIONS * REQUESTS;
/** How many times as long as requests that change nothing 99 of 100 may take; it was 1.0 and 1.3 where this was set. */
const MOST_TIMES = 4;
/** Milliseconds, for a machine that does other things besides; the promise is `FAULT_P99_MS=2000` on two idle cores. */
const P99_MS = Number(process.env['FAULT_P99_MS'] ?? 20_000);

class CountingStore extends LmdbTokenStore {
  rotations = 0;

  override async rotate(record: SessionRecord, pair: TokenPair): Promise<boolean> {
    const rotated = await super.rotate(record, pair);
    if (rotated) this.rotations++;
    return rotated;
  }
}

afterAll(removeTemporaryFolders);

interface Refreshed {
  readonly status: number;
  /** Access and refresh token, with a space between. */
  readonly tokens: string;
  readonly at: number;
}

/** Sends the same request many times over one connection, without waiting for answers. */
function pipelined(url: string, path: string, parameters: Record<string, string>): Promise<Refreshed[]> {
  const { hostname, port } = new URL(url);
  const body = JSON.stringify(parameters);
  const request = (isLast: boolean): string =>
    [
      `POST ${path} HTTP/1.1`,
      'Host: localhost',
      'Content-Type: application/json',
      `Content-Length: ${body.length}`,
      `Connection: ${isLast ? 'close' : 'keep-alive'}`,
      '',
      body,
    ].join('\r\n');
  return new Promise((resolve, reject) => {
    const arrivals: number[] = [];
    let text = '';
    const socket = connect(Number(port), hostname, () =>
      socket.write(Array.from({ length: REQUESTS }, (_, n) => request(n === REQUESTS - 1)).join('')),
    );
    socket.setEncoding('latin1');
    socket.on('data', (chunk) => {
      text += String(chunk);
      const answered = text.match(/HTTP\/1\.1 \d/g)?.length ?? 0;
      while (arrivals.length < answered) arrivals.push(performance.now());
    });
    socket.on('error', reject);
    socket.on('close', () =>
      resolve(
        text.split(/(?=HTTP\/1\.1 \d)/).map((answer, n) => ({
          status: Number(answer.slice(9, 12)),
          tokens: Array.from(
            answer.matchAll(/"(?:access|refresh)_token":"([^"]+)"/g),
            ([, found]) => found,
          ).join(' '),
          at: arrivals[n] ?? 0,
        })),
      ),
    );
  });
}

/** Over a connection that the client would keep: answered in full when the server has closed it. */
function refreshOnce(url: string, token: string): Promise<RawAnswer> {
  const body = JSON.stringify({ refresh_token: token });
  const lines = [
    'POST /auth/token/refresh HTTP/1.1',
    'Host: localhost',
    'Content-Type: application/json',
    `Content-Length: ${body.length}`,
  ];
  return sendRaw(url, [...lines, '', body].join('\r\n'));
}

describe.each(ADAPTERS)('refreshes on %s', (adapter) => {
  it(`of one token, ${REFRESHES} at once, make one pair with one write`, async () => {
    const store = new CountingStore({ folder: join(temporaryFolder(), 'store') });
    const app = await startApp({ adapter, controllers: [RoutesController], fastauth: { store } });
    const pair = await app.issue('device');
    const storm = async (path: string, parameters: Record<string, string>) => {
      const start = performance.now();
      const answers = (
        await Promise.all(
          Array.from({ length: CONNECTIONS }, () => pipelined(app.url, `/auth/token/${path}`, parameters)),
        )
      ).flat();
      const latencies = answers.map(({ at }) => at - start).sort((a, b) => a - b);
      return { answers, p99: latencies[REFRESHES * 0.99 - 1] as number };
    };
    // As many requests that are read and answered, and change nothing.
    const idle = await storm('revoke', { token: 'no token' });
    const { answers, p99 } = await storm('refresh', { refresh_token: pair.refresh_token });
    expect(answers).toHaveLength(REFRESHES);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(new Set(answers.map(({ tokens }) => tokens)).size).toBe(1);
    expect(store.rotations).toBe(1);
    expect(p99).toBeLessThan(MOST_TIMES * idle.p99);
    expect(p99).toBeLessThan(P99_MS);
    const successor = answers[0]?.tokens.split(' ')[0] as string;
    expect((await app.get('/whoami', { 'ACCESS-TOKEN': successor })).status).toBe(200);
    expect((await app.get('/whoami', { 'ACCESS-TOKEN': pair.access_token })).status).toBe(401);
    await app.close();
  }, 60_000);

  it('in flight at shutdown end, or do not consume; the server is down within 5 seconds', async () => {
    const server = new PersistenceServer();
    await server.start();
    const start = () =>
      startApp({ adapter, controllers: [RoutesController], fastauth: { databaseUrl: `${server.url}/db` } });
    const app = await start();
    const pairs = [];
    for (let n = 0; n < 20; n++) pairs.push(await app.issue(`client-${n}`));
    server.faults = { delay: 100 };
    const answers = pairs.map(({ refresh_token }, n) =>
      new Promise((resolve) => setTimeout(resolve, n * 10))
        .then(() => refreshOnce(app.url, refresh_token))
        // Refused, or cut: nothing was answered.
        .catch(() => undefined),
    );
    await new Promise((resolve) => setTimeout(resolve, 120));
    const closing = performance.now();
    await app.close();
    expect(performance.now() - closing).toBeLessThan(5000);
    const settled = await Promise.all(answers);
    server.faults = {};

    const restarted = await start();
    for (const [n, answer] of settled.entries()) {
      const pair = pairs[n] as (typeof pairs)[0];
      if (answer?.status === 200) {
        const { access_token } = JSON.parse(answer.body).data;
        expect((await restarted.get('/whoami', { 'ACCESS-TOKEN': access_token })).status).toBe(200);
      } else {
        // The client asks again. It has lost nothing: the token works, or the answer that was cut is given once more.
        const again = await restarted.post('/auth/token/refresh', { refresh_token: pair.refresh_token });
        expect(again.status).toBe(200);
        const { access_token } = again.body.data;
        expect((await restarted.get('/whoami', { 'ACCESS-TOKEN': access_token })).status).toBe(200);
      }
    }
    expect(settled.some((answer) => answer?.status === 200)).toBe(true);
    await restarted.close();
    await server.stop();
  }, 60_000);
});

import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { ADAPTERS, type Answer, MASTER_TOKEN, startApp, type TestApp } from '../support/app.js';
import { PersistenceServer } from '../support/persistence-server.js';
import { RoutesController } from '../support/routes.controller.js';
import { Stopwatch } from '../support/stopwatch.js';

const MASTER = { 'MASTER-TOKEN': MASTER_TOKEN };
const TIME_LIMIT = 0.3;

describe.each(ADAPTERS)('with a store that fails, on %s', (adapter) => {
  const server = new PersistenceServer();
  let app: TestApp;
  let pair: { access_token: string; refresh_token: string };

  beforeAll(async () => {
    await server.start();
    app = await startApp({
      adapter,
      controllers: [RoutesController],
      fastauth: {
        databaseUrl: `${server.url}/db`,
        storeTimeout: TIME_LIMIT,
        headers: { 'x-api-key': 'secret of the header' },
        accessTokenPaths: ['/access'],
        masterTokenPaths: ['/master'],
      },
    });
  });
  afterAll(async () => {
    await app.close();
    await server.stop();
  });
  afterEach(async () => {
    server.faults = {};
    await recovered();
  });

  /** After failures in a row the store is left alone for a moment; it comes back by itself. */
  async function recovered(): Promise<void> {
    const deadline = performance.now() + 5000;
    while ((await app.get('/auth/token/new', MASTER)).status !== 200) {
      if (performance.now() > deadline) throw new Error('The store did not come back');
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    pair = await app.issue('device-1');
  }

  const guarded = (): Promise<Answer> => app.get('/whoami', { 'ACCESS-TOKEN': pair.access_token });

  describe.each([
    ['refuses', { refuse: true }],
    ['hangs', { delay: 30_000 }],
    ['answers 500', { status: 500 }],
    ['answers garbage', { text: '<html>' }],
    ['answers half a record', { cut: true }],
    ["answers another client's record", { text: '{"data":{"access_token":"e30.e30.x","refresh_token":1}}' }],
  ])('that %s', (_name, faults) => {
    it('answers 503 with Retry-After, soon, and nothing but that', async () => {
      await recovered();
      server.faults = faults;
      const start = new Stopwatch();
      const answers = [
        await guarded(),
        await app.get('/access/health', { Authorization: `Bearer ${pair.access_token}` }),
        await app.post('/auth/token/refresh', { refresh_token: pair.refresh_token }),
      ];
      expect(start.ms).toBeLessThan(3 * (TIME_LIMIT * 1000 + 50) + 200);
      for (const { status, headers, text } of answers) {
        expect(status).toBe(503);
        expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
        expect(text).not.toContain(pair.access_token);
        expect(text).not.toContain('secret of the header');
      }
      expect(answers[0]?.body).toEqual({
        detail: 'The token store is not available. Try again later.',
        code: 'store_unavailable',
      });
      expect(answers[2]?.body).toMatchObject({ status: 'error', code: 503 });
    });

    it('leaves open and master routes alone, and loses nothing', async () => {
      await recovered();
      server.faults = faults;
      expect((await guarded()).status).toBe(503);
      expect((await app.get('/health')).status).toBe(200);
      expect((await app.get('/accessories')).status).toBe(200);
      expect((await app.get('/admin/whoami', MASTER)).status).toBe(200);
      expect((await app.get('/master/health')).status).toBe(401);
      expect((await app.get('/whoami', { 'ACCESS-TOKEN': 'garbage' })).status).toBe(401);
      const before = pair;
      server.faults = {};
      let answer = await app.post('/auth/token/refresh', { refresh_token: before.refresh_token });
      for (let tries = 0; answer.status === 503 && tries < 60; tries++) {
        await new Promise((resolve) => setTimeout(resolve, 50));
        answer = await app.post('/auth/token/refresh', { refresh_token: before.refresh_token });
      }
      expect([answer.status, answer.body.data?.client_id]).toEqual([200, 'device-1']);
    });
  });

  it('says 500 and whose tokens were not saved when the store answers that it did not save', async () => {
    await recovered();
    server.faults = { status: 422 };
    const answer = await app.get('/auth/token/new?client_id=device-2', MASTER);
    expect([answer.status, answer.body]).toEqual([
      500,
      {
        status: 'error',
        message: 'Token not saved. Database error',
        code: 500,
        data: { client_id: 'device-2' },
      },
    ]);
  });

  it.each([
    [500, 500],
    [429, 503],
    [503, 503],
  ])('that answers a save with %i: %i, and the token is good for a repeat', async (status, expected) => {
    await recovered();
    server.faults = { refuseSaves: status };
    const refused = await app.post('/auth/token/refresh', { refresh_token: pair.refresh_token });
    expect(refused.status).toBe(expected);
    expect(Number(refused.headers.get('retry-after')) > 0).toBe(expected === 503);
    server.faults = {};
    expect((await app.post('/auth/token/refresh', { refresh_token: pair.refresh_token })).status).toBe(200);
  });
});

import { randomUUID } from 'node:crypto';
import { get as httpGet, type Server } from 'node:http';
import { join } from 'node:path';
import { afterEach, describe, expect, it, beforeAll, afterAll } from '@jest/globals';
import { AuditSink, type AuditRecord } from '../../src/index.js';
import { ADAPTERS, MASTER_TOKEN, startApp, type TestApp, type TestAppOptions } from '../support/app.js';
import { RoutesController } from '../support/routes.controller.js';
import { until } from '../support/kept-sessions.js';
import { describeWithOwnRedis, RedisServer } from '../support/redis-server.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';
import { describeWith, serviceUrl } from '../support/services.js';
import { Stopwatch } from '../support/stopwatch.js';

class KeepingSink extends AuditSink {
  readonly records: AuditRecord[] = [];
  record(record: AuditRecord): void {
    this.records.push(record);
  }
}

describe.each(ADAPTERS)('failed attempts on %s', (adapter) => {
  let app: TestApp | undefined;
  afterEach(() => app?.close());

  const start = async (fastauth: TestAppOptions['fastauth'] = {}): Promise<TestApp> => {
    app = await startApp({
      adapter,
      controllers: [RoutesController],
      fastauth: {
        failedAttemptsPerAddress: 10,
        failedAttemptsPerClient: 5,
        trustedProxies: ['127.0.0.1', '::1'],
        ...fastauth,
      },
    });
    return app;
  };
  const from = (address: string, headers: Record<string, string>): Record<string, string> => ({
    'X-Forwarded-For': address,
    ...headers,
  });
  const statuses = async (
    count: number,
    act: (n: number) => Promise<{ status: number }>,
  ): Promise<number[]> => {
    const found: number[] = [];
    for (let n = 0; n < count; n++) found.push((await act(n)).status);
    return found;
  };

  it('with the master token are limited by address, also for the right one, and nowhere else', async () => {
    const { get, url } = await start();
    expect(url).toContain('http');
    const guess = (address: string, token: string) =>
      get('/admin/whoami', from(address, { 'MASTER-TOKEN': token }));
    expect(await statuses(12, (n) => guess('198.51.100.1', `guess-${n}`))).toEqual([
      ...Array.from({ length: 11 }, () => 401),
      429,
    ]);
    const refused = await guess('198.51.100.1', MASTER_TOKEN);
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(refused.body).toEqual({
      detail: 'Too many failed attempts. Try again later.',
      code: 'too_many_attempts',
    });
    expect((await guess('198.51.100.2', MASTER_TOKEN)).status).toBe(200);
    expect((await get('/health', from('198.51.100.1', {}))).status).toBe(200);
  });

  it('with the master token at the revocation endpoint are told and limited like anywhere else', async () => {
    const sink = new KeepingSink();
    const { post } = await start({ auditSink: sink });
    const guess = (token: string) =>
      post('/auth/token/revoke', { client_id: 'a' }, from('198.51.100.1', { 'MASTER-TOKEN': token }));
    expect(await statuses(12, (n) => guess(`guess-${n}`))).toEqual([
      ...Array.from({ length: 11 }, () => 401),
      429,
    ]);
    const refused = await guess(MASTER_TOKEN);
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(refused.body).toEqual({
      error: 'temporarily_unavailable',
      error_description: 'Too many failed attempts. Try again later.',
    });
    const denied = sink.records.filter(({ type }) => type === 'access.denied');
    expect(denied).toHaveLength(13);
    expect(denied[0]).toMatchObject({ level: 'master', code: 'invalid_token', address: '198.51.100.1' });
  });

  it('with the master token from this machine are refused, and lock nobody out', async () => {
    const { get } = await start();
    const found = await statuses(15, () => get('/admin/whoami', { 'MASTER-TOKEN': 'guess' }));
    expect(found.slice(0, 11)).not.toContain(429);
    expect(found.slice(12)).not.toContain(401);
    expect((await get('/admin/whoami', { 'MASTER-TOKEN': MASTER_TOKEN })).status).toBe(200);
  });

  it.each([
    ['that writes ports', (n: number) => `198.51.100.7:${4000 + n}`],
    ['that writes brackets', (n: number) => `[2001:db8:1:2::${n}]:1`],
    ['that writes IPv4 as IPv6', () => '::ffff:c633:6407'],
  ])('with the master token through a proxy %s are limited, and nobody else', async (_what, write) => {
    for (const trustedProxies of [['127.0.0.1', '::1'], []]) {
      const { get, close } = await start({ trustedProxies });
      const guess = (address: string, token: string) =>
        get('/admin/whoami', from(address, { 'MASTER-TOKEN': token }));
      expect((await statuses(12, (n) => guess(write(n), 'guess'))).at(-1)).toBe(429);
      expect((await guess(write(99), MASTER_TOKEN)).status).toBe(429);
      for (const other of ['198.51.100.8:4000', '[2001:db8:1:3::1]:1', '::ffff:c633:6408'])
        expect((await guess(other, MASTER_TOKEN)).status).toBe(200);
      await close();
      app = undefined;
    }
  });

  it.each([
    ['named', ['127.0.0.1', '::1']],
    ['not named', []],
  ])(
    'with the master token through a proxy that passes on invented addresses are limited together, where it is %s',
    async (_what, trustedProxies) => {
      const { get } = await start({ trustedProxies });
      const guess = (n: number, token: string) =>
        get('/admin/whoami', from(`198.51.100.${n}`, { 'MASTER-TOKEN': token }));
      const found = await statuses(60, (n) => guess(n, `guess-${n}`));
      expect(found.slice(0, 10)).not.toContain(429);
      expect(found.slice(12)).not.toContain(401);
      // The right one enters, from wherever it says it comes.
      expect(await statuses(60, (n) => guess(n, MASTER_TOKEN))).toEqual(
        Array.from({ length: 60 }, () => 200),
      );
      expect((await get('/admin/whoami', { 'MASTER-TOKEN': MASTER_TOKEN })).status).toBe(200);
    },
  );

  it.each([
    ['named', ['127.0.0.1']],
    ['not named', []],
  ])(
    'with the master token on a Unix socket are limited, behind a proxy that is %s',
    async (_what, trustedProxies) => {
      const path = join(temporaryFolder(), 'app.sock');
      const { app: nest } = await start({ trustedProxies });
      const server = nest.getHttpServer() as Server;
      await new Promise((resolve) => server.close(resolve));
      await new Promise<void>((resolve) => server.listen(path, resolve));
      const guess = (token: string, headers: Record<string, string>) =>
        new Promise<number | undefined>((resolve, reject) =>
          httpGet(
            {
              socketPath: path,
              path: '/admin/whoami',
              agent: false,
              headers: { 'MASTER-TOKEN': token, ...headers },
            },
            (answer) => resolve(answer.resume().statusCode),
          ).on('error', reject),
        );
      const attacker = { 'X-Forwarded-For': '203.0.113.9' };
      const found: unknown[] = [];
      for (let n = 0; n < 14; n++) found.push(await guess('guess', attacker));
      expect(found.at(-1)).toBe(429);
      expect(await guess(MASTER_TOKEN, attacker)).toBe(429);
      expect(await guess(MASTER_TOKEN, { 'X-Forwarded-For': '198.51.100.1' })).toBe(200);
      expect(await guess(MASTER_TOKEN, {})).toBe(200);
      // Without any word of where they come from, only what is wrong is refused.
      const local: unknown[] = [];
      for (let n = 0; n < 14; n++) local.push(await guess('guess', {}));
      expect(local.at(-1)).toBe(429);
      expect(await guess(MASTER_TOKEN, {})).toBe(200);
    },
  );

  it.each(['revoke', 'introspect'])(
    'with tokens at the endpoint to %s are limited, and good ones served',
    async (at) => {
      const { post, issue } = await start({ introspectionAccess: 'public' });
      const { access_token: token } = await issue('device');
      const send = (sent: string) => post(`/auth/token/${at}`, { token: sent }, from('198.51.100.1', {}));
      const found = await statuses(13, (n) => send(`a.b.${n}`));
      expect(found.slice(0, 10)).not.toContain(429);
      expect(found.at(-1)).toBe(429);
      const refused = await send('a.b.c');
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(refused.body).toMatchObject({ error: 'temporarily_unavailable' });
      expect((await send(token)).status).toBe(200);
    },
  );

  it('with access tokens leave those in peace whose token is good, whether it was seen before or not', async () => {
    const { get, issue } = await start();
    const { access_token: token } = await issue('device');
    const call = (sent: string) => get('/whoami', from('198.51.100.1', { 'ACCESS-TOKEN': sent }));
    const found = await statuses(30, (n) => call(`a.b.${n}`));
    expect(found.slice(0, 10)).not.toContain(429);
    expect(found.slice(11)).not.toContain(401);
    for (let n = 0; n < 3; n++) expect((await call(token)).status).toBe(200);
  });

  it('to refresh are limited, and what is good is refreshed all the same', async () => {
    const { post, issue } = await start();
    const { refresh_token: token } = await issue('device');
    const refresh = (sent: string) =>
      post('/auth/token/refresh', { refresh_token: sent }, from('198.51.100.1', {}));
    await statuses(15, (n) => refresh(`a.b.${n}`));
    const refused = await refresh('a.b.c');
    expect(refused.status).toBe(429);
    expect(refused.body).toEqual({
      status: 'error',
      message: 'Too many failed attempts. Try again later.',
      code: 429,
    });
    expect(refused.headers.get('retry-after')).not.toBeNull();
    expect((await refresh(token)).status).toBe(200);
  });

  it("of a client's tokens that ended are limited for that client at that address only", async () => {
    const { get, issue } = await start();
    const old = await issue('device');
    const call = (sent: string, address: string) => get('/whoami', from(address, { 'ACCESS-TOKEN': sent }));
    await call(old.access_token, '198.51.100.1');
    const current = await issue('device');
    const other = await issue('other');
    expect((await statuses(10, () => call(old.access_token, '198.51.100.1'))).at(-1)).toBe(429);
    for (let n = 0; n < 3; n++) expect((await call(current.access_token, '198.51.100.1')).status).toBe(200);
    expect((await call(other.access_token, '198.51.100.1')).status).toBe(200);
    expect((await call(old.access_token, '198.51.100.2')).status).toBe(401);
  });

  it('do not include honest tokens that have expired', async () => {
    const { get, clock, app: nest } = await start();
    const { TokenService } = await import('../../src/index.js');
    const tokens = await nest.get(TokenService).issue({ clientId: 'device', accessTokenExpiresIn: 60 });
    clock.advance(120);
    const found = await statuses(30, () =>
      get('/whoami', from('198.51.100.1', { 'ACCESS-TOKEN': tokens.accessToken })),
    );
    expect(new Set(found)).toEqual(new Set([401]));
  });

  it('may come again when the time is over', async () => {
    const { get, clock } = await start();
    const guess = () => get('/admin/whoami', from('198.51.100.1', { 'MASTER-TOKEN': 'guess' }));
    expect((await statuses(12, guess)).at(-1)).toBe(429);
    clock.advance(61);
    expect((await guess()).status).toBe(401);
  });

  it('are told of once', async () => {
    const sink = new KeepingSink();
    const { get } = await start({ auditSink: sink });
    await statuses(20, () => get('/admin/whoami', from('198.51.100.1', { 'MASTER-TOKEN': 'guess' })));
    expect(sink.records.filter(({ type }) => type === 'access.limited')).toMatchObject([
      { by: 'master', address: '198.51.100.1' },
    ]);
  });

  it('are not limited when that is switched off', async () => {
    const { get } = await start({ failedAttemptsPerAddress: 0, failedAttemptsPerClient: 0 });
    const found = await statuses(30, () =>
      get('/admin/whoami', from('198.51.100.1', { 'MASTER-TOKEN': 'guess' })),
    );
    expect(new Set(found)).toEqual(new Set([401]));
  });
});

(await describeWith('Redis'))('failed attempts counted in Redis', () => {
  it('are the same for all processes', async () => {
    const fastauth = {
      appName: `attempts-${randomUUID()}`,
      failedAttemptsPerAddress: 10,
      failedAttemptsStore: serviceUrl('Redis'),
      trustedProxies: ['127.0.0.1', '::1'],
    };
    const options: TestAppOptions = { adapter: 'fastify', controllers: [RoutesController], fastauth };
    const apps = [await startApp(options), await startApp(options)];
    const guess = (n: number) =>
      (apps[n % 2] as TestApp).get('/admin/whoami', {
        'X-Forwarded-For': '198.51.100.1',
        'MASTER-TOKEN': 'guess',
      });
    try {
      const found: number[] = [];
      // Each process learns of the limit by the attempt that goes over it.
      for (let n = 0; n < 16; n++) found.push((await guess(n)).status);
      expect(found.slice(0, 11)).toEqual(Array.from({ length: 11 }, () => 401));
      expect(found.slice(14)).toEqual([429, 429]);
    } finally {
      for (const app of apps) await app.close();
    }
  });
});

(await describeWithOwnRedis())(
  'failed attempts counted in a Redis that takes connections and answers nothing',
  () => {
    let server: RedisServer;
    beforeAll(async () => {
      server = await RedisServer.start();
    });
    afterAll(async () => {
      await server.stop();
      removeTemporaryFolders();
    });

    it('ends the start where it refuses the login or the database, in words', async () => {
      const start = (change: (url: URL) => void): Promise<unknown> => {
        const url = new URL(server.url);
        change(url);
        const fastauth = { failedAttemptsStore: url.href };
        return startApp({ adapter: 'fastify', controllers: [RoutesController], fastauth });
      };
      server.resume();
      const { host } = new URL(server.url);
      await expect(start((url) => (url.pathname = '/999'))).rejects.toThrow(
        `failed-attempts-store: Redis at ${host} has no database 999, or does not let this user have it`,
      );
      const login = start((url) => Object.assign(url, { username: 'nobody', password: 'sEcReT' }));
      await expect(login).rejects.toThrow(
        `failed-attempts-store: Redis at ${host} refuses the password of the user "nobody" (WRONGPASS)`,
      );
    });

    it.each(['before the start', 'later'])('are counted in the process (%s)', async (when) => {
      const fastauth = {
        appName: `attempts-${randomUUID()}`,
        failedAttemptsPerAddress: 10,
        failedAttemptsStore: server.url,
        storeTimeout: 0.3,
        trustedProxies: ['127.0.0.1', '::1'],
      };
      server.resume();
      if (when !== 'later') server.pause();
      const start = new Stopwatch();
      const app = await startApp({ adapter: 'fastify', controllers: [RoutesController], fastauth });
      expect(start.ms).toBeLessThan(5000);
      server.pause();
      const guess = () =>
        app.get('/admin/whoami', { 'X-Forwarded-For': '198.51.100.1', 'MASTER-TOKEN': 'guess' });
      try {
        let status = 0;
        await until(async () => {
          ({ status } = await guess());
          return status === 429;
        }, 'Nobody counts');
      } finally {
        await app.close();
        server.resume();
      }
    });
  },
);

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Post, Req } from '@nestjs/common';
import {
  createFastauthClient,
  FastauthClientError,
  type FastauthClient,
  type TokenPair,
} from '../../src/client/index.js';
import {
  AccessOnly,
  MasterOnly,
  MemoryTokenStore,
  Public,
  StoreUnavailableError,
  TokenStore,
} from '../../src/index.js';
import { ADAPTERS, MASTER_TOKEN, startApp, type TestApp } from '../support/app.js';

const LIFETIME = 900;

@Controller()
class DevicesController {
  @AccessOnly()
  @Post('devices')
  create(@Req() { body }: { body: unknown }) {
    return { body };
  }

  @MasterOnly()
  @Get('admin')
  admin() {
    return {};
  }

  @Public()
  @Get('sent')
  sent(@Req() { headers }: { headers: Record<string, string> }) {
    return { authorization: headers['authorization'] ?? null };
  }
}

describe.each(ADAPTERS)('the fetch of the client, on %s', (adapter) => {
  let server: TestApp;
  let client: FastauthClient;
  let store: { failures: number };
  let refreshes: number;
  let requests: string[];

  beforeEach(async () => {
    store = { failures: 0 };
    class FailingStore extends MemoryTokenStore {
      override find(...args: Parameters<MemoryTokenStore['find']>) {
        if (store.failures-- > 0) throw new StoreUnavailableError();
        return super.find(...args);
      }
    }
    server = await startApp({
      adapter,
      controllers: [DevicesController],
      fastauth: { accessTokenExpiresIn: LIFETIME },
      override: (builder) => builder.overrideProvider(TokenStore).useValue(new FailingStore()),
    });
    requests = [];
    refreshes = 0;
    client = createFastauthClient({
      baseUrl: server.url,
      fetch: (input, init) => {
        const { pathname } = new URL(String(input instanceof Request ? input.url : input));
        requests.push(pathname);
        if (pathname === '/auth/token/refresh') refreshes++;
        return fetch(input, init);
      },
    });
  });
  afterEach(async () => {
    client.close();
    await server.close();
  });

  const create = (init?: RequestInit): Promise<Response> =>
    client.fetch('/devices', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"name":"pump"}',
      ...init,
    });

  it('sends no token without a session, and the token with one', async () => {
    expect((await create()).status).toBe(401);
    await client.login(await server.issue('ada'));
    const answer = await create();
    expect(await answer.json()).toEqual({ body: { name: 'pump' } });
    expect(await client.token()).toMatch(/^ey/);
    expect(refreshes).toBe(0);
  });

  it('refuses a pair in other names than the wire has, and keeps the session', async () => {
    await client.login(await server.issue('ada'));
    const token = await client.token();
    const misnamed = { accessToken: 'a', refreshToken: 'r' } as unknown as TokenPair;
    await expect(client.login(misnamed)).rejects.toThrow(
      new TypeError('login() needs access_token and refresh_token'),
    );
    await expect(client.login(undefined as unknown as TokenPair)).rejects.toThrow(TypeError);
    expect(await client.token()).toBe(token);
  });

  it('sends a request again, body and all, when its token has expired', async () => {
    await client.login(await server.issue('ada'));
    server.clock.advance(LIFETIME + 60);
    const answers = await Promise.all([
      create(),
      create({ body: new Blob(['{"name":"pump"}']) }),
      client.fetch(
        new Request(`${server.url}/devices`, {
          method: 'POST',
          body: '{"name":"pump"}',
          headers: { 'content-type': 'application/json' },
        }),
      ),
    ]);
    for (const answer of answers) expect(await answer.json()).toEqual({ body: { name: 'pump' } });
    expect(refreshes).toBe(1);
  });

  it('refreshes nothing where that would not help', async () => {
    await client.login(await server.issue('ada'));
    expect((await client.fetch('/admin')).status).toBe(401);
    const own = await client.fetch('/admin', { headers: { 'master-token': MASTER_TOKEN } });
    expect(own.status).toBe(200);
    expect(
      (await client.fetch('/devices', { method: 'POST', headers: { 'ACCESS-TOKEN': 'own' } })).status,
    ).toBe(401);
    expect(refreshes).toBe(0);
  });

  it('sends the token to no other origin', async () => {
    await client.login(await server.issue('ada'));
    const same = await client.fetch(`${server.url}/sent`);
    expect(await same.json()).toEqual({ authorization: expect.stringMatching(/^Bearer ey/) });
    const other = await client
      .fetch(`${server.url.replace('127.0.0.1', 'localhost')}/sent`)
      .catch(() => undefined);
    expect((await other?.json()) ?? { authorization: null }).toEqual({ authorization: null });
  });

  it('keeps the tokens and tries again where the store does not answer', async () => {
    let ended = 0;
    client.onEnded(() => ended++);
    await client.login(await server.issue('ada'));
    store.failures = 1;
    expect((await create()).status).toBe(201);
    server.clock.advance(LIFETIME + 60);
    // The request is refused before the store is asked; the first refresh fails.
    store.failures = 1;
    expect((await create()).status).toBe(201);
    expect(refreshes).toBe(2);
    server.clock.advance(LIFETIME + 60);
    store.failures = 1000;
    await expect(create()).rejects.toBeInstanceOf(FastauthClientError);
    store.failures = 0;
    expect((await create()).status).toBe(201);
    expect(ended).toBe(0);
  }, 30_000);

  it('ends the session when the refresh is refused', async () => {
    let ended = 0;
    client.onEnded(() => ended++);
    const pair = await server.issue('ada');
    await client.login(pair);
    await server.post('/auth/token/revoke', { token: pair.refresh_token });
    expect((await create()).status).toBe(401);
    expect(ended).toBe(1);
    expect(await client.token()).toBeUndefined();
    expect((await create()).status).toBe(401);
    expect(refreshes).toBe(1);
  });

  it('logs out on the server', async () => {
    const pair = await server.issue('ada');
    await client.login(pair);
    await client.logout();
    expect((await server.post('/devices', {}, { 'access-token': pair.access_token })).status).toBe(401);
    expect(requests).toEqual(['/auth/token/revoke']);
  });
});

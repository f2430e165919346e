import { Controller, Get } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AccessOnly, AnyOf, MasterOnly, Scopes, TokenController, TokenService } from '../../src/index.js';
import { SqlTokenStore } from '../../src/stores/sql/sql.store.js';
import { ADAPTERS, MASTER_TOKEN, startApp, type TestApp } from '../support/app.js';
import { PersistenceServer } from '../support/persistence-server.js';
import { serviceUrl } from '../support/services.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';

const MASTER = { 'MASTER-TOKEN': MASTER_TOKEN };

@Controller()
class DevicesController {
  @Get('devices') @Scopes('devices:read') read() {}
  @Get('plain') @AccessOnly() plain() {}
}

const bearer = (token: string) => ({ Authorization: `Bearer ${token}` });

describe.each(ADAPTERS)('scopes at the token endpoints, on %s', (adapter) => {
  let app: TestApp;
  let open: TestApp;
  beforeAll(async () => {
    const scopes = { 'devices:read': 'Read devices', 'devices:write': 'Change devices' };
    app = await startApp({ adapter, controllers: [DevicesController], fastauth: { scopes } });
    open = await startApp({
      adapter,
      controllers: [DevicesController],
      fastauth: { publicTokenIssuance: true },
    });
  });
  afterAll(async () => {
    await app.close();
    await open.close();
  });

  it('are given by whoever holds the master token, and the answer names them', async () => {
    const scope = 'devices:read devices:write';
    const posted = await app.post('/auth/token/new', { client_id: 'c', scope }, MASTER);
    expect(posted).toMatchObject({ status: 200, body: { data: { client_id: 'c', scope } } });
    expect((await app.get('/devices', bearer(posted.body.data.access_token))).status).toBe(200);
    const query = '/auth/token/new?client_id=c&scope=devices%3Aread+devices%3Awrite';
    expect((await app.get(query, MASTER)).body.data).toMatchObject({ scope });
    expect((await app.post('/auth/token/new', { client_id: 'c', scope })).status).toBe(401);
  });

  it('are missing where none were given: the answer is that of the original', async () => {
    for (const body of [{ client_id: 'c' }, { client_id: 'c', scope: '' }]) {
      const { data } = (await app.post('/auth/token/new', body, MASTER)).body;
      expect(Object.keys(data as object)).toEqual(['client_id', 'access_token', 'refresh_token']);
      const { data: next } = (await app.post('/auth/token/refresh', { refresh_token: data.refresh_token }))
        .body;
      expect(Object.keys(next as object)).toEqual(['client_id', 'access_token', 'refresh_token']);
      expect((await app.get('/devices', bearer(next.access_token))).status).toBe(403);
    }
  });

  it.each([
    ['devices:raed', 'the nearest is "devices:read"'],
    ['devices:read  devices:write', 'must be names with one space between'],
    [' devices:read', 'must be names with one space between'],
    ['a"b', 'must be names with one space between'],
    ['a\tb', 'must be names with one space between'],
    ['a\u0000', 'must be names with one space between'],
    [`a${' a'.repeat(512)}`, 'has more than 1024 characters'],
    [['devices:read'], 'must be one text value'],
    [{ 'devices:read': 1 }, 'must be one text value'],
    [7, 'must be one text value'],
    [null, 'must be one text value'],
  ])('are refused where they are %j', async (scope, message) => {
    const { status, body } = await app.post('/auth/token/new', { client_id: 'c', scope }, MASTER);
    expect({ status, body }).toEqual({
      status: 422,
      body: {
        status: 'error',
        message: expect.stringMatching(/^scope /) as unknown,
        code: 422,
        details: [{ parameter: 'scope', message: expect.stringContaining(message) as unknown }],
      },
    });
  });

  it('are narrowed by a refresh and come back; asking for more consumes nothing', async () => {
    const scope = 'devices:read devices:write';
    const first = (await app.post('/auth/token/new', { client_id: 'n', scope }, MASTER)).body.data;
    const refresh = (refresh_token: string, asked?: string) =>
      app.post('/auth/token/refresh', { refresh_token, ...(asked === undefined ? {} : { scope: asked }) });
    const tooMuch = await refresh(first.refresh_token, 'devices:read admin');
    expect(tooMuch).toMatchObject({
      status: 422,
      body: { details: [{ parameter: 'scope', message: 'names more than the session has' }] },
    });
    const second = (await refresh(first.refresh_token, 'devices:write')).body.data;
    expect(second.scope).toBe('devices:write');
    expect((await app.get('/devices', bearer(second.access_token))).status).toBe(403);
    expect((await refresh(first.refresh_token)).body.data).toEqual(second);
    const third = (await refresh(second.refresh_token)).body.data;
    expect(third.scope).toBe(scope);
    expect((await app.get('/devices', bearer(third.access_token))).status).toBe(200);
  });

  it('are told by introspection', async () => {
    const { access_token: token } = (
      await app.post('/auth/token/new', { client_id: 'i', scope: 'devices:read' }, MASTER)
    ).body.data;
    const { body } = await app.post('/auth/token/introspect', { token }, MASTER);
    expect(body).toMatchObject({ active: true, scope: 'devices:read', auth_time: app.clock.seconds });
  });

  it('nobody gives to himself where anybody may be issued tokens', async () => {
    const asked = { client_id: 's', scope: 'devices:read' };
    expect((await open.post('/auth/token/new', { client_id: 's' })).status).toBe(200);
    for (const headers of [{}, { 'MASTER-TOKEN': 'wrong' }, { 'MASTER-TOKEN': '' }]) {
      expect((await open.post('/auth/token/new', asked, headers)).status).toBe(401);
      expect((await open.get('/auth/token/new?client_id=s&scope=devices:read', headers)).status).toBe(401);
    }
    const stranger = (await open.post('/auth/token/new', { client_id: 's' })).body.data;
    const widened = await open.post('/auth/token/refresh', {
      refresh_token: stranger.refresh_token,
      scope: 'devices:read',
    });
    expect(widened.status).toBe(422);
    const given = await open.post('/auth/token/new', asked, MASTER);
    expect(given.body.data).toMatchObject({ scope: 'devices:read' });
    expect((await open.get('/devices', bearer(given.body.data.access_token))).status).toBe(200);
  });

  it('reach the methods of a subclass', async () => {
    class Fleet extends TokenController {
      protected override issueTokens(clientId: string | undefined, _: unknown, scopes?: readonly string[]) {
        return this.tokens.issue({ clientId, scopes: [...(scopes ?? []), 'fleet'] });
      }
    }
    const fleet = await startApp({ adapter, controllers: [], fastauth: { tokenController: Fleet } });
    try {
      const { body } = await fleet.post('/auth/token/new', { scope: 'devices:read' }, MASTER);
      expect(body.data.scope).toBe('devices:read fleet');
    } finally {
      await fleet.close();
    }
  });
});

describe('scopes that are not configured', () => {
  @Controller()
  class MisspeltController {
    @Get('a') @Scopes('devices:raed') read() {}
    @Get('b') @AnyOf(MasterOnly(), Scopes('devices:write')) write() {}
  }
  const scopes = { 'devices:read': 'Read devices' };

  it('let no application start whose decorators or path rules ask for them', async () => {
    await expect(
      startApp({ adapter: 'fastify', controllers: [MisspeltController], fastauth: { scopes } }),
    ).rejects.toThrow(
      /MisspeltController\.read asks for is not among the "scopes" of the configuration; did you mean "devices:read"\?[^]*MisspeltController\.write/,
    );
    const accessTokenPaths = [{ path: '/x', scopes: ['devices:reed'] }];
    await expect(
      startApp({ adapter: 'fastify', controllers: [], fastauth: { scopes, accessTokenPaths } }),
    ).rejects.toThrow(/path rule "\/x" is not among the "scopes" of the configuration; did you mean/);
  });

  it('are any names where the key is left out', async () => {
    const app = await startApp({ adapter: 'fastify', controllers: [MisspeltController], fastauth: {} });
    await app.close();
  });
});

describe('a narrowed scope, its twin and the next refresh, over two processes', () => {
  const api = new PersistenceServer();
  beforeAll(() => api.start());
  afterAll(async () => {
    await api.stop();
    removeTemporaryFolders();
  });

  const migrated = async (url: string): Promise<string> => {
    const store = new SqlTokenStore({ url });
    await store.migrate();
    await store.close();
    return url;
  };
  const STORES: readonly (readonly [string, () => string | Promise<string>, boolean])[] = [
    ['LMDB', () => `lmdb:${temporaryFolder()}`, true],
    ['Redis', () => serviceUrl('Redis'), true],
    ['PostgreSQL', () => migrated(serviceUrl('PostgreSQL')), true],
    ['MariaDB', () => migrated(serviceUrl('MariaDB')), true],
    ['the REST persistence API', () => `${api.url}/db`, false],
  ];
  it.each(STORES)('in %s', async (_, urlOf, knowsBeginning) => {
    const databaseUrl = await urlOf();
    const appName = `scopes-${Date.now()}`;
    const start = (tokenFormat: 'jwt' | 'opaque') =>
      startApp({ adapter: 'fastify', controllers: [], fastauth: { databaseUrl, appName, tokenFormat } });
    const apps = [await start(knowsBeginning ? 'opaque' : 'jwt')];
    apps.push(await start(knowsBeginning ? 'opaque' : 'jwt'));
    try {
      const [one, other] = apps.map(({ app }) => app.get(TokenService)) as [TokenService, TokenService];
      const first = await one.issue({ clientId: 'c', scopes: ['a', 'b'] });
      const began = (await other.verify(first.accessToken)).authTime;
      expect(typeof began).toBe(knowsBeginning ? 'number' : 'undefined');
      const second = await other.refresh(first.refreshToken, { scopes: ['b'] });
      expect(await one.refresh(first.refreshToken, { scopes: ['a'] })).toMatchObject({
        accessToken: second.accessToken,
        refreshToken: second.refreshToken,
        scope: 'b',
      });
      expect(await one.verify(second.accessToken)).toMatchObject({ scopes: ['b'], authTime: began });
      expect(await one.introspect(second.refreshToken)).toMatchObject({ claims: { scope: 'a b' } });
      expect(await one.sessions('c')).toMatchObject([{ scopes: ['a', 'b'] }]);
      const third = await one.refresh(second.refreshToken);
      expect(third.scope).toBe('a b');
      expect(await other.verify(third.accessToken)).toMatchObject({ scopes: ['a', 'b'], authTime: began });
    } finally {
      for (const app of apps) await app.close();
    }
  });
});

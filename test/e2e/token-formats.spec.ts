import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get } from '@nestjs/common';
import { WsAdapter } from '@nestjs/platform-ws';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { AccessOnly, CurrentPrincipal, type Principal, TokenService } from '../../src/index.js';
import { importSecret } from '../../src/keys/import-key.js';
import { KeyRing } from '../../src/keys/key-ring.js';
import { ActiveKeyRing } from '../../src/keys/active-key-ring.js';
import { MemoryTokenStore } from '../../src/stores/memory/memory.store.js';
import { ADAPTERS, type AdapterName, MASTER_TOKEN, SECRET, startApp, type TestApp } from '../support/app.js';
import { FORMAT_CASES, freshKey } from '../support/rings.js';
import { TestSocket } from '../support/sockets.js';

@AccessOnly()
@Controller()
class WhoamiController {
  @Get('whoami')
  whoami(@CurrentPrincipal() { clientId, claims }: Principal) {
    return { clientId, claims };
  }
}

@AccessOnly()
@WebSocketGateway({ path: '/ws' })
class WhoamiGateway {
  @SubscribeMessage('whoami')
  whoami(@CurrentPrincipal() { clientId, claims }: Principal) {
    return { event: 'whoami', data: { clientId, site: claims['site'] } };
  }
}

type Options = Partial<Parameters<typeof startApp>[0]> & { readonly ring: KeyRing };

function start({ ring, ...options }: Options): Promise<TestApp> {
  return startApp({
    adapter: 'fastify',
    controllers: [WhoamiController],
    providers: [WhoamiGateway],
    configure: (app) => app.useWebSocketAdapter(new WsAdapter(app)),
    override: (builder) => builder.overrideProvider(ActiveKeyRing).useValue(new ActiveKeyRing(ring)),
    ...options,
  });
}

const bearer = (token: string) => ({ Authorization: `Bearer ${token}` });
const master = { 'MASTER-TOKEN': MASTER_TOKEN };

// Each format on both adapters would say the same thing twice: they take turns.
describe.each(
  FORMAT_CASES.map((format, index) => ({ ...format, adapter: ADAPTERS[index % 2] as AdapterName })),
)('tokens written as $name, on $adapter', ({ config, ring, shape, adapter }) => {
  let app: TestApp;
  beforeAll(async () => {
    app = await start({ adapter, ring: ring(), fastauth: { databaseUrl: 'memory:', ...config } });
  });
  afterAll(() => app.close());

  const issue = () =>
    app.app.get(TokenService).issue({ clientId: 'c', claims: { site: 'north', n: { deep: [1] } } });
  const introspect = async (token: string) =>
    (await app.post('/auth/token/introspect', { token }, master)).body;
  const statusOf = async (token: string) => (await app.get('/whoami', bearer(token))).status;

  it('are issued, guard, are refreshed with their claims, introspected, revoked, and open sockets', async () => {
    const first = await issue();
    expect(first.accessToken).toMatch(shape);
    expect(first.refreshToken).toMatch(shape);
    for (const _seenBefore of [false, true]) {
      const { status, body } = await app.get('/whoami', bearer(first.accessToken));
      expect(status).toBe(200);
      expect(body).toMatchObject({
        clientId: 'c',
        claims: { client_id: 'c', type: 'access', site: 'north', n: { deep: [1] } },
      });
    }
    expect(await introspect(first.accessToken)).toMatchObject({
      active: true,
      client_id: 'c',
      site: 'north',
      token_type: 'Bearer',
    });
    expect(await introspect(first.refreshToken)).toMatchObject({
      active: true,
      type: 'refresh',
      n: { deep: [1] },
    });

    const answer = await app.post('/auth/token/refresh', { refresh_token: first.refreshToken });
    expect(answer.status).toBe(200);
    const second = answer.body.data;
    const late = await app.post('/auth/token/refresh', { refresh_token: first.refreshToken });
    expect(late.body.data).toEqual(second);
    expect(await statusOf(first.accessToken)).toBe(401);
    expect((await app.get('/whoami', bearer(second.access_token))).body.claims).toMatchObject({
      site: 'north',
      n: { deep: [1] },
    });

    const socket = TestSocket.open(`${app.url}/ws`, { headers: { 'ACCESS-TOKEN': second.access_token } });
    await socket.opened();
    socket.send({ event: 'whoami' });
    expect(await socket.frame(0)).toEqual({ event: 'whoami', data: { clientId: 'c', site: 'north' } });
    socket.close();
    const browser = TestSocket.open(`${app.url}/ws`, { protocols: ['bearer', second.access_token] });
    await browser.opened();
    browser.send({ event: 'whoami' });
    expect(await browser.frame(0)).toMatchObject({ data: { clientId: 'c' } });
    browser.close();

    expect((await app.post('/auth/token/revoke', { token: second.refresh_token })).status).toBe(200);
    expect(await statusOf(second.access_token)).toBe(401);
    expect(await introspect(second.refresh_token)).toEqual({ active: false });
    const refused = TestSocket.open(`${app.url}/ws`, { headers: { 'ACCESS-TOKEN': second.access_token } });
    expect(await refused.closed()).toBe(1008);
  });

  it('are refused as the other type, altered anywhere, and after their end', async () => {
    const { accessToken, refreshToken } = await issue();
    expect(await statusOf(refreshToken)).toBe(401);
    expect((await app.post('/auth/token/refresh', { refresh_token: accessToken })).status).toBe(401);
    for (let index = 0; index < accessToken.length; index += 7) {
      const letter = accessToken[index] === 'A' ? 'B' : 'A';
      expect(await statusOf(accessToken.slice(0, index) + letter + accessToken.slice(index + 1))).toBe(401);
    }
    for (const altered of [
      accessToken.slice(0, -1),
      `${accessToken}A`,
      `${accessToken}.`,
      `${accessToken}=`,
      accessToken.toLowerCase(),
    ]) {
      expect(await statusOf(altered)).toBe(401);
    }
    expect(await statusOf(accessToken)).toBe(200);
    app.clock.advance(30 * 24 * 60 * 60 + 6);
    expect(await statusOf(accessToken)).toBe(401);
  });

  it('are refused where their keys are others', async () => {
    const { accessToken } = await issue();
    const stranger = await start({ adapter, ring: ring(), fastauth: { databaseUrl: 'memory:', ...config } });
    try {
      expect((await stranger.get('/whoami', bearer(accessToken))).status).toBe(401);
    } finally {
      await stranger.close();
    }
  });
});

describe('changing the format', () => {
  const ring = new KeyRing([importSecret(SECRET), freshKey('ECDH-ES')]);

  it('keeps sessions: what has another format is accepted while it is named, and refreshed into the new one', async () => {
    const store = new MemoryTokenStore();
    const formats = ['jwt', 'opaque', 'jwe', 'opaque', 'jwt'] as const;
    const first = await start({ ring, fastauth: { store } });
    let pair: { access_token: string; refresh_token: string } = await first.app
      .get(TokenService)
      .issue({ clientId: 'c', claims: { site: 'north' } })
      .then(({ accessToken, refreshToken }) => ({ access_token: accessToken, refresh_token: refreshToken }));
    await first.close();
    for (const [index, tokenFormat] of formats.entries()) {
      const before = formats[index - 1];
      const app = await start({
        ring,
        fastauth: { store, tokenFormat, acceptedTokenFormats: before ? [before] : [] },
      });
      try {
        expect((await app.get('/whoami', bearer(pair.access_token))).status).toBe(200);
        pair = (await app.post('/auth/token/refresh', { refresh_token: pair.refresh_token })).body.data;
        const { body } = await app.get('/whoami', bearer(pair.access_token));
        expect(body.claims).toMatchObject({ client_id: 'c', site: 'north' });
      } finally {
        await app.close();
      }
    }
  });

  it('refuses formats that are not named', async () => {
    const store = new MemoryTokenStore();
    for (const tokenFormat of ['jwt', 'jwe', 'opaque'] as const) {
      const app = await start({ ring, fastauth: { store, tokenFormat } });
      const { accessToken } = await app.app.get(TokenService).issue({ clientId: tokenFormat });
      await app.close();
      for (const other of ['jwt', 'jwe', 'opaque'] as const) {
        const reader = await start({ ring, fastauth: { store, tokenFormat: other } });
        const { status } = await reader.get('/whoami', bearer(accessToken));
        await reader.close();
        expect([tokenFormat, other, status]).toEqual([tokenFormat, other, tokenFormat === other ? 200 : 401]);
      }
    }
  });

  it('needs keys for it, and says which', async () => {
    const asymmetric = new KeyRing([freshKey('EdDSA')]);
    await expect(start({ ring: asymmetric, fastauth: { tokenFormat: 'jwe' } })).rejects.toThrow(
      /needs an encryption key/,
    );
    await expect(start({ ring: asymmetric, fastauth: { tokenFormat: 'opaque' } })).rejects.toThrow(
      /needs a secret in the key ring/,
    );
    await expect(
      start({ ring, fastauth: { databaseUrl: 'http://127.0.0.1:1/tokens', tokenFormat: 'opaque' } }),
    ).rejects.toThrow(/does not go with the REST persistence API/);
  });
});

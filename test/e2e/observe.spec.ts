import { describe, expect, it } from '@jest/globals';
import { Controller, Get, Logger, Post } from '@nestjs/common';
import { WsAdapter } from '@nestjs/platform-ws';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import {
  AccessOnly,
  AnyOf,
  type AuditRecord,
  CurrentPrincipal,
  Fresh,
  MasterOnly,
  OptionalAccess,
  type Principal,
  Public,
  Scopes,
  TokenService,
} from '../../src/index.js';
import { ADAPTERS, type AdapterName, MASTER_TOKEN, OPTIONS, startApp, type TestApp } from '../support/app.js';
import { KeepingSink } from '../support/observers.js';
import { TestSocket } from '../support/sockets.js';

const whose = (principal: Principal | undefined) => ({ client: principal?.clientId ?? null });

@Controller()
class ObservedController {
  @AccessOnly()
  @Get('devices')
  devices(@CurrentPrincipal() principal?: Principal) {
    return whose(principal);
  }

  @Scopes('devices:write')
  @Post('devices')
  write(@CurrentPrincipal() principal?: Principal) {
    return whose(principal);
  }

  @Fresh(60)
  @Get('payment')
  payment(@CurrentPrincipal() principal?: Principal) {
    return whose(principal);
  }

  @OptionalAccess()
  @Get('greeting')
  greeting(@CurrentPrincipal() principal?: Principal) {
    return whose(principal);
  }

  @MasterOnly()
  @Get('admin')
  admin() {
    return {};
  }

  @AnyOf(MasterOnly(), Scopes('fleet'))
  @Get('fleet')
  fleet() {
    return {};
  }

  @Public()
  @Get('health')
  health() {
    return {};
  }

  @AccessOnly()
  @Get('ruled/:id')
  ruled(@CurrentPrincipal() principal?: Principal) {
    return whose(principal);
  }
}

@AccessOnly()
@WebSocketGateway({ path: '/feed' })
class FeedGateway {
  @SubscribeMessage('join')
  join() {
    return { event: 'joined', data: 1 };
  }

  @Scopes('feed:write')
  @SubscribeMessage('write')
  write() {
    return { event: 'written', data: 1 };
  }
}

@Scopes('feed:write')
@WebSocketGateway({ path: '/scoped' })
class ScopedGateway {
  @SubscribeMessage('join')
  join() {
    return { event: 'joined', data: 1 };
  }
}

const UNTIL = '2030-01-31';
const OBSERVE = { enforcement: 'observe', observeUntil: UNTIL } as const;

interface Observed extends TestApp {
  readonly sink: KeepingSink;
}

async function start(adapter: AdapterName, fastauth: object): Promise<Observed> {
  const sink = new KeepingSink();
  const app = await startApp({
    adapter,
    fastauth: { accessTokenPaths: ['/ruled', '/raw'], auditSink: sink, ...fastauth },
    controllers: [ObservedController],
    providers: [FeedGateway, ScopedGateway],
    configure: (nest) => {
      nest.useWebSocketAdapter(new WsAdapter(nest));
      const raw = nest.getHttpAdapter().getInstance();
      raw.get('/raw', (_request: unknown, reply: { send(text: string): void }) => void reply.send('raw'));
    },
  });
  return { ...app, sink };
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

/** Each kind of miss at each kind of place, in an order; sockets last. */
async function replay({ issue, request, url, clock, sink }: Observed): Promise<readonly AuditRecord[]> {
  const pair = await issue('ada');
  const spent = await issue('bob');
  await issue('bob');
  clock.advance(120);
  const headers = [
    {},
    bearer('garbage'),
    bearer(pair.access_token),
    bearer(pair.refresh_token),
    bearer(spent.access_token),
  ];
  return sink.during(async () => {
    for (const [method, path] of [
      ['GET', '/devices'],
      ['POST', '/devices'],
      ['GET', '/payment'],
      ['GET', '/greeting'],
      ['GET', '/health'],
      ['GET', '/ruled/1'],
      ['GET', '/raw'],
      ['GET', '/raw/nothing'],
    ] as const) {
      for (const sent of headers) await request(method, path, { headers: sent });
    }
    for (const sent of [{}, bearer('garbage')]) {
      const socket = await TestSocket.open(`${url}/feed`, { headers: sent }).opened();
      socket.close();
    }
    const socket = TestSocket.open(`${url}/feed`, { headers: bearer(pair.access_token) });
    await socket.opened();
    for (const event of ['join', 'write']) socket.send({ event, data: 1 });
    await socket.frame(1);
    socket.close();
  });
}

const misses = (records: readonly AuditRecord[], type: AuditRecord['type']) =>
  records
    .filter((record) => record.type === type)
    // Each application makes families of its own.
    .map(({ type: _type, at: _at, correlationId: _id, ...told }) => ({
      ...told,
      familyId: 'familyId' in told && told.familyId !== undefined,
    }));

describe.each(ADAPTERS)('observing before enforcing on %s', (adapter) => {
  it.each([{}, { defaultAccess: 'access' as const }])(
    'reports exactly what enforcing refuses, with %j',
    async (settings) => {
      const enforcing = await start(adapter, settings);
      const refused = await replay(enforcing);
      await enforcing.close();
      const observing = await start(adapter, { ...settings, ...OBSERVE });
      const observed = await replay(observing);
      await observing.close();
      expect(misses(refused, 'access.denied').length).toBeGreaterThan(20);
      expect(misses(observed, 'access.would_deny')).toEqual(misses(refused, 'access.denied'));
      expect(misses(observed, 'access.denied')).toEqual([]);
    },
  );

  it('lets misses pass, and makes no principal of a bad token', async () => {
    const { get, post, issue, clock, close } = await start(adapter, OBSERVE);
    const { access_token: token } = await issue('ada');
    clock.advance(120);
    expect((await get('/devices', bearer('garbage'))).body).toEqual({ client: null });
    expect((await get('/ruled/1', bearer('garbage'))).body).toEqual({ client: null });
    expect((await get('/greeting', bearer('garbage'))).body).toEqual({ client: null });
    expect((await get('/devices', bearer(token))).body).toEqual({ client: 'ada' });
    // Good tokens that may too little still say whose they are.
    expect((await post('/devices', {}, bearer(token))).body).toEqual({ client: 'ada' });
    expect((await get('/payment', bearer(token))).body).toEqual({ client: 'ada' });
    expect((await get('/raw')).text).toBe('raw');
    await close();
  });

  it('enforces all else', async () => {
    const { get, post, request, sink, close } = await start(adapter, {
      ...OBSERVE,
      defaultAccess: 'access',
      introspectionAccess: 'access',
      failedAttemptsPerAddress: 3,
      masterTokenPaths: ['/raw/master'],
    });
    const statuses = async (...answers: readonly Promise<{ status: number }>[]) =>
      (await Promise.all(answers)).map(({ status }) => status);
    expect(
      await statuses(
        get('/admin'),
        get('/fleet'),
        get('/raw/master'),
        get('/auth/token/new'),
        post('/auth/token/introspect', { token: 'x' }),
        get('/devices', { ...bearer('a'), 'access-token': 'b' }),
      ),
    ).toEqual([401, 401, 401, 401, 401, 400]);
    expect(sink.records.filter(({ type }) => type === 'access.would_deny')).toEqual([]);
    const limited = [];
    for (let n = 0; n < 5; n++)
      limited.push((await request('GET', '/devices', { headers: bearer('bad') })).status);
    expect(limited.at(0)).toBe(200);
    expect(limited.at(-1)).toBe(429);
    await close();
  });

  it('enforces everything from the date on, sockets that came in before included', async () => {
    const { get, url, clock, close } = await start(adapter, OBSERVE);
    const socket = TestSocket.open(`${url}/feed`);
    await socket.opened();
    expect((await get('/devices')).status).toBe(200);
    clock.advance(Date.parse(UNTIL) / 1000 - clock.seconds);
    expect((await get('/devices')).status).toBe(401);
    expect((await get('/raw')).status).toBe(401);
    expect(await socket.closed()).toBeGreaterThan(1000);
    await close();
  });

  it('ends sockets on that date whose fresh token lacks what the handshake asked, and no others', async () => {
    const { app, url, clock, close } = await start(adapter, { ...OBSERVE, accessTokenExpiresIn: 31_536_000 });
    const enter = async (clientId: string, scopes: readonly string[]) => {
      const { accessToken } = await app.get(TokenService).issue({ clientId, scopes });
      const socket = TestSocket.open(`${url}/scoped`);
      await socket.opened();
      socket.send({ event: 'fastauth.authenticate', data: { access_token: accessToken } });
      expect(await socket.frame(0)).toMatchObject({ data: { status: 'success' } });
      return socket;
    };
    const [lacking, meeting] = [await enter('c', []), await enter('d', ['feed:write'])];
    clock.advance(Date.parse(UNTIL) / 1000 - clock.seconds);
    expect([await lacking.closed(), lacking.closeReason]).toEqual([1008, 'token_expired']);
    expect(meeting.closeCode).toBeUndefined();
    await close();
  });
});

describe('the settings of observing', () => {
  it('need a date, and one that is near', async () => {
    const enforcement = 'observe' as const;
    await expect(startApp({ adapter: 'express', fastauth: { enforcement } })).rejects.toThrow('observeUntil');
    for (const observeUntil of ['soon', '2030-13-01', '2031-01-01']) {
      await expect(
        startApp({ adapter: 'express', fastauth: { ...OPTIONS, enforcement, observeUntil } }),
      ).rejects.toThrow(/observe-?until/i);
    }
  });

  it('are told at the start, loudly', async () => {
    const told: string[] = [];
    const { app, close } = await startApp({
      adapter: 'express',
      fastauth: OBSERVE,
      configure: () =>
        Logger.overrideLogger({ log() {}, error() {}, warn: (text: string) => void told.push(text) }),
    });
    expect(told.join('\n')).toContain('ACCESS IS NOT ENFORCED');
    expect(told.join('\n')).toContain('2030-01-31T00:00:00.000Z');
    expect(told.join('\n')).not.toContain(MASTER_TOKEN);
    Logger.overrideLogger(false);
    void app;
    await close();
  });
});

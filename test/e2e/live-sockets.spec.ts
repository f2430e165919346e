import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { WebSocketGateway } from '@nestjs/websockets';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { io } from 'socket.io-client';
import {
  AccessOnly,
  MasterOnly,
  MemoryTokenStore,
  Public,
  Scopes,
  StoreUnavailableError,
  TokenService,
  TokenStore,
} from '../../src/index.js';
import { importSecret } from '../../src/keys/import-key.js';
import { KeyRing } from '../../src/keys/key-ring.js';
import { ActiveKeyRing } from '../../src/keys/active-key-ring.js';
import { LiveSockets } from '../../src/transports/live/live-sockets.js';
import { Heartbeat } from '../../src/transports/websockets/ws/heartbeat.js';
import {
  ADAPTERS,
  MASTER_TOKEN,
  SECRET,
  startApp,
  type TestApp,
  type TestAppOptions,
} from '../support/app.js';
import { RawSocket } from '../support/raw-socket.js';
import { COMBINATIONS, WS, type TestClient } from '../support/socket-platforms.js';
import { TestSocket } from '../support/sockets.js';
import { TestGateway } from '../support/test-gateway.js';

/** The promise: told and closed in under a second. */
const BOUND_MS = 1000;

async function answerLate<T>(answer: T): Promise<T> {
  await sleep(40);
  return answer;
}

describe.each(COMBINATIONS)('live sockets of %s on %s', (name, adapter, platform) => {
  @AccessOnly()
  @WebSocketGateway(platform.at('/live/access'))
  class AccessGateway extends TestGateway {}
  @MasterOnly()
  @WebSocketGateway(platform.at('/live/master'))
  class MasterGateway extends TestGateway {}
  @Scopes('adm')
  @WebSocketGateway(platform.at('/live/scoped'))
  class ScopedGateway extends TestGateway {}
  @Public()
  @WebSocketGateway(platform.at('/live/open'))
  class OpenGateway extends TestGateway {}

  let app: TestApp;
  let clients: TestClient[] = [];

  const start = async (
    fastauth: TestAppOptions['fastauth'] = {},
    override?: TestAppOptions['override'],
  ): Promise<void> => {
    app = await startApp({
      adapter,
      providers: [AccessGateway, MasterGateway, ScopedGateway, OpenGateway],
      fastauth: { accessTokenExpiresIn: 60, ...fastauth },
      configure: (nest) => nest.useWebSocketAdapter(platform.adapter(nest)),
      ...(override ? { override } : {}),
    });
  };
  const enter = async (
    token: string | undefined,
    place = '/live/access',
    headers: Record<string, string> = {},
  ): Promise<TestClient> => {
    const client = platform.connect(app.url, place, {
      headers: { ...headers, ...(token === undefined ? {} : { 'ACCESS-TOKEN': token }) },
    });
    clients.push(client);
    expect(await client.refused()).toBeUndefined();
    return client;
  };
  const endedWithin = async (client: TestClient, since: number): Promise<unknown> => {
    const ending = await client.ended();
    expect(Date.now() - since).toBeLessThan(BOUND_MS);
    return ending;
  };
  const refresh = async (refreshToken: string): Promise<{ access_token: string; refresh_token: string }> =>
    (await app.post('/auth/token/refresh', { refresh_token: refreshToken })).body.data;
  const tokens = (): TokenService => app.app.get(TokenService);

  beforeEach(() => {
    clients = [];
  });
  afterEach(async () => {
    for (const client of clients) client.close();
    await app.close();
  });

  it('end with their token, by the clock of the server', async () => {
    await start();
    const { access_token: token } = await app.issue('sensor');
    const socket = await enter(token);
    app.clock.advance(59.9);
    await sleep(250);
    expect(socket.isOpen).toBe(true);
    const since = Date.now();
    app.clock.advance(0.1);
    expect(await endedWithin(socket, since)).toEqual({
      detail: 'Disconnected: Access token expired',
      code: 'token_expired',
    });
    // A clock that goes slower may still show it as good; the socket lives until the tolerance ends.
    const late = await enter(token);
    app.clock.advance(4.9);
    await sleep(250);
    expect(late.isOpen).toBe(true);
    const lateSince = Date.now();
    app.clock.advance(0.1);
    expect(await endedWithin(late, lateSince)).toMatchObject({ code: 'token_expired' });
  });

  it('end when the master token that let them in expires, whatever access token they present', async () => {
    const expiring = 'a master token that expires soon';
    await start({ masterTokens: [{ name: 'brief', token: expiring, expiresAt: '2030-01-02' }] });
    const { access_token: token } = await app.issue('sensor');
    app.clock.advance(Date.UTC(2030, 0, 2) / 1000 - app.clock.seconds - 30);
    const brief = await enter(undefined, '/live/master', { 'MASTER-TOKEN': expiring });
    const renewed = await enter(undefined, '/live/master', { 'MASTER-TOKEN': expiring });
    const lasting = await enter(undefined, '/live/master', { 'MASTER-TOKEN': MASTER_TOKEN });
    const fresh = (await app.issue('sensor')).access_token;
    expect(fresh).not.toBe(token);
    renewed.emit('fastauth.authenticate', { access_token: fresh });
    expect(await renewed.next('fastauth.authenticate')).toMatchObject({
      status: 'success',
      expires_at: Date.UTC(2030, 0, 2) / 1000,
    });
    await sleep(250);
    expect([brief.isOpen, renewed.isOpen]).toEqual([true, true]);
    const since = Date.now();
    app.clock.advance(30);
    expect(await endedWithin(brief, since)).toEqual({
      detail: 'Disconnected: Master token expired',
      code: 'token_expired',
    });
    expect(await endedWithin(renewed, since)).toMatchObject({ code: 'token_expired' });
    expect(lasting.isOpen).toBe(true);
  });

  it('end when the key of their token is not accepted any more, and not when it only makes none', async () => {
    await start();
    const keys = app.app.get(ActiveKeyRing);
    const open = await enter(undefined, '/live/open');
    const socket = await enter((await app.issue('sensor')).access_token);
    const next = importSecret(`${SECRET} that follows`);
    keys.replace(new KeyRing([next, importSecret(SECRET, { status: 'verify-only' })]));
    const later = await enter((await app.issue('other')).access_token);
    await sleep(250);
    expect(socket.isOpen).toBe(true);
    const since = Date.now();
    keys.replace(new KeyRing([next]));
    expect(await endedWithin(socket, since)).toMatchObject({ code: 'token_expired' });
    await sleep(250);
    expect([later.isOpen, open.isOpen]).toEqual([true, true]);
  });

  it('end when their session is revoked, all of them and no others', async () => {
    await start({ sessionsPerClient: 'unlimited' });
    const pair = await app.issue('sensor');
    const other = await app.issue('sensor');
    const stranger = await app.issue('stranger');
    const sockets = await Promise.all([enter(pair.access_token), enter(pair.access_token)]);
    const others = await Promise.all([enter(other.access_token), enter(stranger.access_token)]);
    const since = Date.now();
    await app.post('/auth/token/revoke', { token: pair.refresh_token });
    for (const socket of sockets) {
      expect(await endedWithin(socket, since)).toEqual({
        detail: 'Disconnected: Session revoked',
        code: 'session_revoked',
      });
    }
    await sleep(300);
    expect(others.map(({ isOpen }) => isOpen)).toEqual([true, true]);
    const sinceAll = Date.now();
    await tokens().revokeClient('sensor');
    expect(await endedWithin(others[0], sinceAll)).toMatchObject({ code: 'session_revoked' });
    expect(others[1].isOpen).toBe(true);
  });

  it("end when a newer session takes their session's place", async () => {
    await start();
    const socket = await enter((await app.issue('sensor')).access_token);
    const since = Date.now();
    await app.issue('sensor');
    expect(await endedWithin(socket, since)).toEqual({
      detail: 'Disconnected: Session superseded',
      code: 'session_superseded',
    });
  });

  it('end when a spent refresh token is used again', async () => {
    await start({ refreshGrace: 0 });
    const pair = await app.issue('sensor');
    const next = await refresh(pair.refresh_token);
    const socket = await enter(next.access_token);
    app.clock.advance(2);
    const since = Date.now();
    await app.post('/auth/token/refresh', { refresh_token: pair.refresh_token });
    expect(await endedWithin(socket, since)).toMatchObject({ code: 'session_revoked' });
  });

  describe('after a refresh', () => {
    it('are told, refused guarded messages, and closed when no new token comes', async () => {
      await start();
      const pair = await app.issue('sensor');
      const socket = await enter(pair.access_token);
      const since = Date.now();
      await refresh(pair.refresh_token);
      expect(await socket.next('fastauth.expiring')).toEqual({
        code: 'token_superseded',
        detail: 'The access token was refreshed. Send the new one by "fastauth.authenticate".',
        closes_in: 0.4,
      });
      socket.emit('private');
      expect(await socket.next('exception')).toMatchObject({ code: 'token_superseded' });
      app.clock.advance(0.4);
      expect(await endedWithin(socket, since)).toEqual({
        detail: 'Disconnected: Access token superseded',
        code: 'token_superseded',
      });
    });

    it('go on with the new token, and end with that', async () => {
      await start();
      const pair = await app.issue('sensor');
      const socket = await enter(pair.access_token);
      socket.emit('whoami');
      const before = (await socket.next('whoami')) as { token: string };
      app.clock.advance(30);
      const next = await refresh(pair.refresh_token);
      socket.emit('fastauth.authenticate', { access_token: next.access_token });
      expect(await socket.next('fastauth.authenticate')).toEqual({
        status: 'success',
        expires_at: app.clock.seconds + 60,
      });
      socket.emit('whoami');
      const after = (await socket.next('whoami')) as { token: string; client: string };
      expect(after.client).toBe('sensor');
      expect(after.token).not.toBe(before.token);
      socket.emit('private');
      expect(await socket.next('private')).toBe('for clients');
      app.clock.advance(59.9);
      await sleep(250);
      expect(socket.isOpen).toBe(true);
      const since = Date.now();
      app.clock.advance(0.1);
      expect(await endedWithin(socket, since)).toMatchObject({ code: 'token_expired' });
      expect(socket.heard).not.toContain(next.access_token);
    });

    it('are closed at once where no time is given', async () => {
      await start({ websocketReauthenticationGrace: 0 });
      const pair = await app.issue('sensor');
      const socket = await enter(pair.access_token);
      const since = Date.now();
      await refresh(pair.refresh_token);
      expect(await endedWithin(socket, since)).toMatchObject({ code: 'token_superseded' });
    });
  });

  describe('that present another token', () => {
    it('are refused what is no good, and live as long as the old one', async () => {
      await start();
      const { access_token: token, refresh_token: refreshToken } = await app.issue('sensor');
      const stranger = await app.issue('stranger');
      const socket = await enter(token);
      for (const [message, answer] of [
        [{ access_token: 'x.y.z' }, { code: 'invalid_token' }],
        [{ access_token: refreshToken }, { code: 'wrong_token_type' }],
        [{ access_token: stranger.access_token }, { code: 'invalid_token', detail: 'Invalid Client ID' }],
        [{ access_token: 17 }, { code: 'invalid_request' }],
        [{}, { code: 'invalid_request' }],
        [undefined, { code: 'invalid_request' }],
        [[token], { code: 'invalid_request' }],
        [null, { code: 'invalid_request' }],
        [17, { code: 'invalid_request' }],
        [token, { code: 'invalid_request' }],
      ] as const) {
        socket.emit('fastauth.authenticate', message);
        expect(await socket.next('fastauth.authenticate')).toMatchObject({ status: 'error', ...answer });
      }
      socket.emit('whoami');
      expect(await socket.next('whoami')).toMatchObject({ client: 'sensor' });
      const since = Date.now();
      app.clock.advance(60);
      expect(await endedWithin(socket, since)).toMatchObject({ code: 'token_expired' });
    });

    it('need for it what the gateway asked of the handshake', async () => {
      await start({ sessionsPerClient: 'unlimited' });
      const admin = await tokens().issue({ clientId: 'ada', scopes: ['adm'] });
      const demoted = await tokens().issue({ clientId: 'ada' });
      const again = await tokens().issue({ clientId: 'ada', scopes: ['adm', 'more'] });
      const socket = await enter(admin.accessToken, '/live/scoped');
      for (const [token, answer] of [
        [demoted.accessToken, { status: 'error', code: 'insufficient_scope' }],
        [again.accessToken, { status: 'success' }],
        [demoted.accessToken, { status: 'error', code: 'insufficient_scope' }],
      ] as const) {
        socket.emit('fastauth.authenticate', { access_token: token });
        expect(await socket.next('fastauth.authenticate')).toMatchObject(answer);
      }
      const since = Date.now();
      await tokens().revokeToken(again.accessToken);
      expect(await endedWithin(socket, since)).toMatchObject({ code: 'session_revoked' });
    });

    it('keep the master level, and may take a client where they had none', async () => {
      await start();
      const { access_token: token } = await app.issue('sensor');
      const master = await enter(undefined, '/live/master', { 'MASTER-TOKEN': MASTER_TOKEN });
      const anonymous = await enter(undefined, '/live/open');
      anonymous.emit('private');
      expect(await anonymous.next('exception')).toMatchObject({ code: 'missing_token' });
      for (const [socket, level] of [
        [master, 'master'],
        [anonymous, 'access'],
      ] as const) {
        socket.emit('fastauth.authenticate', { access_token: token });
        expect(await socket.next('fastauth.authenticate')).toMatchObject({ status: 'success' });
        socket.emit('whoami');
        expect(await socket.next('whoami')).toMatchObject({ level, client: 'sensor' });
        socket.emit('private');
        expect(await socket.next('private')).toBe('for clients');
      }
      const since = Date.now();
      await tokens().revokeClient('sensor');
      expect(await endedWithin(master, since)).toMatchObject({ code: 'session_revoked' });
      expect(await endedWithin(anonymous, since)).toMatchObject({ code: 'session_revoked' });
    });
  });

  // What stores do is the same for all of them.
  const isFirst = name === 'ws' && adapter === 'express';
  (isFirst ? describe : (_name: string, _tests: () => void) => undefined)('and their store', () => {
    it('stay open while the store cannot tell, and end when it can', async () => {
      class FailingStore extends MemoryTokenStore {
        isDown = false;
        override find(key: Parameters<MemoryTokenStore['find']>[0]) {
          if (this.isDown) throw new StoreUnavailableError();
          return super.find(key);
        }
      }
      const store = new FailingStore();
      await start({}, (builder) => builder.overrideProvider(TokenStore).useValue(store));
      const [good, bad] = await Promise.all(
        ['good', 'bad'].map(async (client) => enter((await app.issue(client)).access_token)),
      );
      store.isDown = true;
      const [session] = await tokens().sessions('bad');
      await store.revoke({ clientId: 'bad', familyId: session?.familyId }, 1);
      await sleep(400);
      expect([good?.isOpen, bad?.isOpen]).toEqual([true, true]);
      const since = Date.now();
      store.isDown = false;
      expect(await endedWithin(bad as TestClient, since)).toMatchObject({ code: 'session_revoked' });
      expect(good?.isOpen).toBe(true);
    });

    it('are all looked at when changes may have been missed', async () => {
      let missed: (() => void) | undefined;
      class ForgetfulStore extends MemoryTokenStore {
        // Tells nothing but that it may have missed something.
        override watch(watcher: Parameters<MemoryTokenStore['watch']>[0]) {
          missed = () => watcher(undefined);
          return () => undefined;
        }
      }
      await start({}, (builder) => builder.overrideProvider(TokenStore).useValue(new ForgetfulStore()));
      const sockets = await Promise.all(
        Array.from({ length: 64 }, async (_each, index) =>
          enter((await app.issue(`client ${index}`)).access_token),
        ),
      );
      for (let index = 0; index < 64; index += 2) await tokens().revokeClient(`client ${index}`);
      await sleep(200);
      expect(sockets.every(({ isOpen }) => isOpen)).toBe(true);
      const since = Date.now();
      missed?.();
      for (let index = 0; index < 64; index += 2) await endedWithin(sockets[index] as TestClient, since);
      expect(sockets.filter(({ isOpen }) => isOpen)).toHaveLength(32);
    });

    it('are missed by no revocation, however close to the handshake it is', async () => {
      class SlowStore extends MemoryTokenStore {
        /** Reads at once and answers late, as a network does. */
        override find(key: Parameters<MemoryTokenStore['find']>[0]) {
          return answerLate(super.find(key)) as never;
        }
      }
      await start({}, (builder) => builder.overrideProvider(TokenStore).useValue(new SlowStore()));
      const { access_token: token } = await app.issue('sensor');
      const socket = platform.connect(app.url, '/live/access', { headers: { 'ACCESS-TOKEN': token } });
      clients.push(socket);
      // Between the read of the verification and its answer.
      const store = app.app.get(TokenStore);
      const find = store.find.bind(store);
      let revoked: Promise<unknown> | undefined;
      store.find = (key) => {
        const answer = find(key);
        revoked ??= tokens().revokeClient('sensor');
        return answer;
      };
      expect(await socket.refused()).toBeUndefined();
      await revoked;
      expect(await endedWithin(socket, Date.now())).toMatchObject({ code: 'session_revoked' });
    });
  });

  it('leave nothing behind when they go by themselves', async () => {
    await start();
    const live = app.app.get(LiveSockets);
    const { access_token: token } = await app.issue('sensor');
    const sockets = await Promise.all(Array.from({ length: 10 }, () => enter(token)));
    expect(live.size).toBe(10);
    for (const socket of sockets) socket.close();
    for (let waited = 0; live.size > 0 && waited < 100; waited++) await sleep(10);
    expect(live.size).toBe(0);
    expect(Reflect.get(live, 'byClient')).toHaveProperty('size', 0);
    expect(Reflect.get(live, 'ends')).toHaveProperty('first', undefined);
    expect(Reflect.get(live, 'ticking')).toBeUndefined();
  });
});

describe.each(ADAPTERS)('sockets of socket.io on %s', (adapter) => {
  @AccessOnly()
  @WebSocketGateway({ namespace: '/acknowledged' })
  class AcknowledgedGateway extends TestGateway {}

  it('get the answer to a presented token by the acknowledgement, whatever came with it', async () => {
    const app = await startApp({ adapter, providers: [AcknowledgedGateway] });
    const { access_token: token } = await app.issue('sensor');
    const client = io(`${app.url}/acknowledged`, { auth: { token }, forceNew: true, reconnection: false });
    await new Promise((resolve) => client.once('connect', () => resolve(undefined)));
    const answerTo = (...sent: unknown[]): Promise<unknown> =>
      client.timeout(2000).emitWithAck('fastauth.authenticate', ...sent);
    for (const sent of [[], [null], [17], [[token]], [token], [{}], [Buffer.from(token)]]) {
      expect(await answerTo(...sent)).toMatchObject({ status: 'error', code: 'invalid_request' });
    }
    expect(await answerTo({ access_token: token })).toMatchObject({ status: 'success' });
    expect(await answerTo({ access_token: token }, 'and more')).toMatchObject({ status: 'success' });
    client.close();
    await app.close();
  });
});

describe.each(ADAPTERS)('sockets of ws whose peer has vanished, on %s', (adapter) => {
  @AccessOnly()
  @WebSocketGateway({ path: '/beating' })
  class BeatingGateway extends TestGateway {
    gone = 0;
    handleDisconnect(): void {
      this.gone++;
    }
  }

  @Public()
  @WebSocketGateway({ path: '/beating/open' })
  class OpenGateway extends TestGateway {}

  @AccessOnly()
  @WebSocketGateway({ path: '/beating/paused' })
  class PausingGateway extends TestGateway {
    override handleConnection(client: import('ws').WebSocket): void {
      super.handleConnection(client);
      client.pause();
    }
  }

  it('are cut when they leave a ping unanswered, and no others', async () => {
    const app = await startApp({
      adapter,
      providers: [BeatingGateway, OpenGateway, PausingGateway],
      fastauth: { websocketHeartbeat: 1 },
      configure: (nest) => nest.useWebSocketAdapter(WS.adapter(nest)),
    });
    const { access_token: token } = await app.issue('sensor');
    const headers = { 'ACCESS-TOKEN': token };
    const open = (path: string, options: object): Promise<TestSocket> =>
      TestSocket.open(app.url + path, options).opened();
    const answering = await open('/beating', { headers });
    const paused = await open('/beating/paused', { headers });
    const anonymous = await open('/beating/open', { autoPong: false });
    const late = await open('/beating/open', { autoPong: false });
    late.send({ event: 'fastauth.authenticate', data: { access_token: token } });
    expect(await late.frame(1)).toMatchObject({ data: { status: 'success' } });
    const vanished = RawSocket.upgrade(`${app.url}/beating`, [`ACCESS-TOKEN: ${token}`]);
    await vanished.hears('you are in');
    const since = Date.now();
    // Two bytes: a ping without a payload.
    expect(await vanished.closed()).toContain('\x89\x00');
    expect(Date.now() - since).toBeLessThan(4000);
    expect(await late.closed()).toBe(1006);
    for (let tries = 0; app.app.get(LiveSockets).size > 2 && tries < 100; tries++) await sleep(10);
    expect(app.app.get(LiveSockets).size).toBe(2);
    expect(app.app.get(BeatingGateway).gone).toBe(1);
    for (let pings = 0; pings < 2; pings++) await once(answering.socket, 'ping');
    answering.send({ event: 'echo', data: 1 });
    expect(await answering.frame(1)).toEqual({ event: 'echo', data: 1 });
    // What open gateways hold is the application's, and the silence of a paused socket is not its peer's.
    expect([anonymous.closeCode, paused.closeCode]).toEqual([undefined, undefined]);
    for (const socket of [answering, anonymous, paused]) socket.close();
    await app.close();
  });

  it('are left alone where that is switched off', async () => {
    const app = await startApp({
      adapter,
      providers: [BeatingGateway],
      fastauth: { websocketHeartbeat: 0 },
      configure: (nest) => nest.useWebSocketAdapter(WS.adapter(nest)),
    });
    const { access_token: token } = await app.issue('sensor');
    const vanished = RawSocket.upgrade(`${app.url}/beating`, [`ACCESS-TOKEN: ${token}`]);
    await vanished.hears('you are in');
    expect(Reflect.get(app.app.get(Heartbeat), 'pulses')).toHaveProperty('size', 0);
    vanished.connection.destroy();
    await app.close();
  });
});

describe('sockets of ws', () => {
  @AccessOnly()
  @WebSocketGateway({ path: '/raw' })
  class RawGateway {
    readonly heard: string[] = [];
    binaryType: 'nodebuffer' | 'arraybuffer' | 'fragments' = 'nodebuffer';
    handleConnection(client: import('ws').WebSocket): void {
      client.binaryType = this.binaryType;
      client.on('message', (data: Buffer) => {
        this.heard.push(String(data));
        client.send(`Received query: ${String(data)}`);
      });
    }
  }

  const start = (): Promise<TestApp> =>
    startApp({
      adapter: 'express',
      providers: [RawGateway],
      configure: (nest) => nest.useWebSocketAdapter(WS.adapter(nest)),
    });

  it('never show a presented token to a gateway that listens to everything', async () => {
    const app = await start();
    const { access_token: token } = await app.issue('sensor');
    const socket = await TestSocket.open(`${app.url}/raw`, { headers: { 'ACCESS-TOKEN': token } }).opened();
    socket.send(`{"data": {"access_token": "${token}"},  "event" : "fastauth.authenticate"}`);
    expect(await socket.frame(0)).toMatchObject({
      event: 'fastauth.authenticate',
      data: { status: 'success' },
    });
    const others = ['say "fastauth.authenticate" to go on', '{"event":"x","data":"fastauth.authenticate"}'];
    for (const [index, text] of others.entries()) {
      socket.send(text);
      expect(await socket.frame(index + 1)).toBe(`Received query: ${text}`);
    }
    expect(app.app.get(RawGateway).heard).toEqual(others);
    socket.close();
    await app.close();
  });

  it.each([
    ['in a binary frame', (message: string) => Buffer.from(message)],
    ['with an escaped name', (message: string) => message.replace('fastauth.', 'fastauth\\u002E')],
    ['with an escaped letter', (message: string) => message.replace('"fast', '"\\u0066ast')],
    ['with a name given twice', (message: string) => message.replace('{', '{"event":"echo",')],
    ['escaped, in a binary frame', (message: string) => Buffer.from(message.replace('.', '\\u002e'))],
    ['in a long frame', (message: string) => message + ' '.repeat(64 * 1024)],
  ])('never show it, however it is sent: %s', async (_how, spell) => {
    const app = await start();
    const { access_token: token } = await app.issue('sensor');
    const headers = { 'ACCESS-TOKEN': token };
    for (const binaryType of ['nodebuffer', 'arraybuffer', 'fragments'] as const) {
      app.app.get(RawGateway).binaryType = binaryType;
      const socket = await TestSocket.open(`${app.url}/raw`, { headers }).opened();
      socket.socket.send(
        spell(JSON.stringify({ event: 'fastauth.authenticate', data: { access_token: token } })),
      );
      socket.send('the next message');
      expect(await socket.frame(0)).toBe('Received query: the next message');
      expect(await socket.frame(1)).toMatchObject({
        event: 'fastauth.authenticate',
        data: { status: 'success' },
      });
      socket.close();
    }
    expect(app.app.get(RawGateway).heard).toEqual(Array(3).fill('the next message'));
    await app.close();
  });

  it('are not heard any more once they were told to go, and cut when they do not answer', async () => {
    const app = await start();
    const { access_token: token } = await app.issue('sensor');
    const socket = await TestSocket.open(`${app.url}/raw`, { headers: { 'ACCESS-TOKEN': token } }).opened();
    // A client that neither closes nor listens: its library must not answer the close.
    const raw = Reflect.get(socket.socket, '_socket') as import('node:net').Socket;
    const cut = new Promise((resolve) => raw.once('close', resolve));
    Reflect.get(socket.socket, '_receiver').removeAllListeners('conclude');
    await app.app.get(TokenService).revokeClient('sensor');
    expect(await socket.frame(0)).toEqual({ status: 'error', detail: 'Disconnected: Session revoked' });
    socket.send('are you still there?');
    await sleep(100);
    expect(app.app.get(RawGateway).heard).toEqual([]);
    app.clock.advance(2);
    await cut;
    await app.close();
  });

  it('get 1001 when the server goes away, and nobody is let in any more', async () => {
    const app = await start();
    const { access_token: token } = await app.issue('sensor');
    const headers = { 'ACCESS-TOKEN': token };
    const sockets = await Promise.all(
      Array.from({ length: 5 }, () => TestSocket.open(`${app.url}/raw`, { headers }).opened()),
    );
    const closing = app.close();
    expect(await Promise.all(sockets.map((socket) => socket.closed()))).toEqual([
      1001, 1001, 1001, 1001, 1001,
    ]);
    await closing;
  });
});

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { WsAdapter } from '@nestjs/platform-ws';
import {
  ConnectedSocket,
  MessageBody,
  type OnGatewayConnection,
  SubscribeMessage,
  WebSocketGateway,
  WebSocketServer,
} from '@nestjs/websockets';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { io, type Socket as IoClient } from 'socket.io-client';
import { AccessOnly, CurrentPrincipal, MasterOnly, type Principal, Public } from '../../src/index.js';
import { ADAPTERS, MASTER_TOKEN, startApp, type TestApp } from '../support/app.js';
import { RawSocket } from '../support/raw-socket.js';
import { TestSocket } from '../support/sockets.js';

const ACCEPTED = { event: 'hello', data: 'you are in' };
const NO_ACCESS = { status: 'error', detail: 'Disconnected: Unauthorized ACCESS-TOKEN' };
const NO_MASTER = { status: 'error', detail: 'Disconnected: Unauthorized Master Token' };

/** What gateways share here: they greet, echo, and tell who asks. */
class TestGateway implements OnGatewayConnection {
  readonly connected: object[] = [];

  @WebSocketServer()
  server!: { clients: Set<object> };

  handleConnection(client: { send?: (text: string) => void; handshake?: object }): void {
    this.connected.push(client);
    if (!client.handshake) client.send?.(JSON.stringify(ACCEPTED));
  }

  @SubscribeMessage('echo')
  echo(@MessageBody() data: unknown) {
    return { event: 'echo', data };
  }

  @SubscribeMessage('whoami')
  whoami(@CurrentPrincipal() principal: Principal | undefined) {
    return {
      event: 'whoami',
      data: principal ? { level: principal.level, client: principal.clientId } : null,
    };
  }

  @MasterOnly()
  @SubscribeMessage('reboot')
  reboot(@ConnectedSocket() _client: unknown) {
    return { event: 'reboot', data: 'done' };
  }

  @AccessOnly()
  @SubscribeMessage('private')
  private() {
    return { event: 'private', data: 'for clients' };
  }
}

@AccessOnly()
@WebSocketGateway({ path: '/ws/access' })
class AccessGateway extends TestGateway {}

@MasterOnly()
@WebSocketGateway({ path: '/ws/master' })
class MasterGateway extends TestGateway {}

@Public()
@WebSocketGateway({ path: '/ws/open' })
class OpenGateway extends TestGateway {}

@WebSocketGateway({ path: '/ruled/feed' })
class RuledGateway extends TestGateway {}

@WebSocketGateway({ path: '/shared' })
class SharedOpenGateway extends TestGateway {}

@AccessOnly()
@WebSocketGateway({ path: '/shared' })
class SharedGuardedGateway extends TestGateway {}

/** Keeps all of a handshake that gateway code can see. */
class RequestGateway implements OnGatewayConnection {
  readonly seen: string[] = [];

  handleConnection(
    client: { send(text: string): void; readonly protocol: string },
    { url, headers, headersDistinct, rawHeaders }: IncomingMessage,
  ): void {
    this.seen.push(JSON.stringify([client.protocol, url, headers, headersDistinct, rawHeaders]));
    client.send(JSON.stringify(ACCEPTED));
  }
}
@Public()
@WebSocketGateway({ path: '/request/open' })
class OpenRequestGateway extends RequestGateway {}

@AccessOnly()
@WebSocketGateway({ path: '/request/access' })
class AccessRequestGateway extends RequestGateway {}

const WS_GATEWAYS = [
  AccessGateway,
  MasterGateway,
  OpenGateway,
  RuledGateway,
  SharedOpenGateway,
  SharedGuardedGateway,
];

describe.each(ADAPTERS)('ws on %s', (adapter) => {
  let app: TestApp;
  let token: string;
  const open = (path: string, options?: Parameters<typeof TestSocket.open>[1]): TestSocket =>
    TestSocket.open(app.url + path, options);
  const accessHeader = (): Record<string, string> => ({ 'ACCESS-TOKEN': token });
  const masterHeader = { 'MASTER-TOKEN': MASTER_TOKEN };

  beforeAll(async () => {
    app = await startApp({
      adapter,
      providers: [...WS_GATEWAYS, OpenRequestGateway, AccessRequestGateway],
      fastauth: { accessTokenPaths: ['/ruled'] },
      configure: (nest) => nest.useWebSocketAdapter(new WsAdapter(nest)),
    });
    token = (await app.issue('sensor')).access_token;
  });
  afterAll(() => app.close());

  it.each([
    ['by header', () => ({ headers: { 'ACCESS-TOKEN': token } })],
    ['as a bearer', () => ({ headers: { Authorization: `Bearer ${token}` } })],
    ['by subprotocol', () => ({ protocols: ['bearer', token] })],
    ['by subprotocol after another', () => ({ protocols: ['chat', 'bearer', token] })],
  ])('lets a good token in, %s', async (_, options) => {
    const socket = open('/ws/access', options());
    expect(await socket.frame(0)).toEqual(ACCEPTED);
    socket.send({ event: 'whoami' });
    expect(await socket.frame(1)).toEqual({ event: 'whoami', data: { level: 'access', client: 'sensor' } });
    expect(['', 'bearer', 'chat']).toContain(socket.socket.protocol);
    socket.close();
  });

  it.each<[offered: (token: string) => string[], counts: boolean, selected: string]>([
    [(good) => ['bearer', good], true, 'bearer'],
    [(good) => ['chat', 'bearer', good], true, 'chat'],
    [(good) => ['bearer', good, 'Bearer', 'sEcReT'], true, 'bearer'],
    // Names of subprotocols are told apart by case: these announce no token that counts, and show none either.
    [(good) => ['BEARER', good], false, 'BEARER'],
    [() => ['Bearer', 'sEcReT', 'chat'], false, 'Bearer'],
    [(good) => ['chat', good, 'bearer'], false, 'chat'],
    [(good) => [good, 'chat'], false, 'chat'],
    [() => ['fa_at_sEcReT', 'chat'], false, 'chat'],
  ])('keeps a token among subprotocols from gateway code: %s', async (offered, counts, selected) => {
    const { seen } = app.app.get(OpenRequestGateway);
    seen.length = 0;
    const protocols = offered(token);
    const entered = open('/request/open', { protocols });
    expect(await entered.frame(0)).toEqual(ACCEPTED);
    expect(entered.socket.protocol).toBe(selected);
    entered.close();
    const asked = open('/request/access', { protocols });
    if (counts) expect(await asked.frame(0)).toEqual(ACCEPTED);
    else expect(await asked.closed()).toBe(1008);
    expect(asked.socket.protocol).not.toContain(token);
    asked.close();
    seen.push(...app.app.get(AccessRequestGateway).seen.splice(0));
    expect(seen).toHaveLength(counts ? 2 : 1);
    expect(seen.filter((text) => text.includes(token) || text.includes('sEcReT'))).toEqual([]);
  });

  it('keeps a token that is the only subprotocol from gateway code, and selects none', async () => {
    const { seen } = app.app.get(OpenRequestGateway);
    seen.length = 0;
    const client = RawSocket.upgrade(`${app.url}/request/open`, [`Sec-WebSocket-Protocol: ${token}`]);
    expect(await client.hears('you are in')).not.toContain('Sec-WebSocket-Protocol');
    expect(seen).toEqual([expect.not.stringContaining(token)]);
    client.connection.destroy();
  });

  it('reads subprotocols that are sent in lines of their own', async () => {
    const { seen } = app.app.get(OpenRequestGateway);
    for (const announced of ['bearer', 'BEARER']) {
      seen.length = 0;
      const client = RawSocket.upgrade(`${app.url}/request/open`, [
        'Sec-WebSocket-Protocol: chat',
        `sec-websocket-protocol: ${announced}`,
        `SEC-WebSocket-Protocol: ${token}, other`,
      ]);
      expect(await client.hears('you are in')).toContain('Sec-WebSocket-Protocol: chat\r\n');
      expect(seen).toEqual([expect.stringContaining(`"chat, ${announced}, other"`)]);
      expect(seen.join()).not.toContain(token);
      client.connection.destroy();
    }
  });

  it('refuses two announced tokens, and shows neither', async () => {
    const { seen } = app.app.get(AccessRequestGateway);
    const client = RawSocket.upgrade(`${app.url}/request/access`, [
      `Sec-WebSocket-Protocol: bearer, ${token}, bearer, ${token}x`,
    ]);
    const answer = await client.hears('A credential was sent more than once');
    expect(answer).toContain('Sec-WebSocket-Protocol: bearer\r\n');
    expect(seen).toEqual([]);
    client.connection.destroy();
  });

  it('selects bearer, never the token', async () => {
    const socket = await open('/ws/access', { protocols: ['bearer', token] }).opened();
    expect(socket.socket.protocol).toBe('bearer');
    socket.close();
  });

  it.each([
    ['none', '/ws/access', () => ({}), NO_ACCESS],
    ['a tampered token', '/ws/access', () => ({ headers: { 'ACCESS-TOKEN': `${token}x` } }), NO_ACCESS],
    ['the master token alone', '/ws/access', () => ({ headers: masterHeader }), NO_ACCESS],
    ['an empty bearer protocol', '/ws/access', () => ({ protocols: ['bearer'] }), NO_ACCESS],
    ['none, for the master', '/ws/master', () => ({}), NO_MASTER],
    ['a wrong master token', '/ws/master', () => ({ headers: { 'MASTER-TOKEN': 'x' } }), NO_MASTER],
    ['an access token for the master', '/ws/master', () => ({ headers: accessHeader() }), NO_MASTER],
    ['none, under a path rule', '/ruled/feed', () => ({}), NO_ACCESS],
    ['none, under a path rule spelt oddly', '/x/../ruled/feed', () => ({}), NO_ACCESS],
    ['none, where an open and a guarded gateway share a path', '/shared', () => ({}), NO_ACCESS],
  ])('refuses %s with a frame and close 1008', async (_, path, options, frame) => {
    const before = WS_GATEWAYS.map((type) => app.app.get(type).connected.length);
    const socket = open(path, options());
    expect(await socket.frame(0)).toEqual(frame);
    expect(await socket.closed()).toBe(1008);
    expect(socket.frames).toHaveLength(1);
    expect(WS_GATEWAYS.map((type) => app.app.get(type).connected.length)).toEqual(before);
  });

  it('refuses a token by query string unless that is switched on', async () => {
    expect(await open(`/ws/access?access_token=${token}`).closed()).toBe(1008);
  });

  it('refuses two credentials of one kind', async () => {
    const socket = open('/ws/access', { headers: accessHeader(), protocols: ['bearer', token] });
    expect(await socket.frame(0)).toEqual({
      status: 'error',
      detail: 'Disconnected: A credential was sent more than once',
    });
    expect(await socket.closed()).toBe(1008);
  });

  it('never counts a refused socket among the clients', async () => {
    const { server } = app.app.get(AccessGateway);
    const seen: number[] = [];
    const watching = setInterval(() => seen.push(server.clients.size), 1);
    const refused = Array.from({ length: 20 }, () => open('/ws/access'));
    await Promise.all(refused.map((socket) => socket.closed()));
    clearInterval(watching);
    expect(Math.max(...seen)).toBe(0);
  });

  it('handles a message that is sent with the handshake, once', async () => {
    const socket = open('/ws/access', { headers: accessHeader() });
    socket.socket.once('open', () => socket.send({ event: 'echo', data: 'early' }));
    expect([await socket.frame(0), await socket.frame(1)]).toContainEqual({ event: 'echo', data: 'early' });
    socket.close();
  });

  describe('messages', () => {
    it('need what their decorator says, proved at the handshake', async () => {
      const socket = open('/ws/access', { headers: { ...accessHeader(), ...masterHeader } });
      await socket.frame(0);
      socket.send({ event: 'reboot' });
      expect(await socket.frame(1)).toEqual({ event: 'reboot', data: 'done' });
      socket.close();
    });

    it('are refused without it, and nothing that was sent is echoed', async () => {
      const socket = open('/ws/access', { headers: accessHeader() });
      await socket.frame(0);
      socket.send({ event: 'reboot', data: { token: 'sEcReT' } });
      expect(await socket.frame(1)).toEqual({
        event: 'exception',
        data: { status: 'error', detail: 'Unauthorized Master Token', code: 'missing_token' },
      });
      expect(socket.frames.join()).not.toContain('sEcReT');
      socket.send({ event: 'echo', data: 1 });
      expect(await socket.frame(2)).toEqual({ event: 'echo', data: 1 });
      socket.close();
    });

    it('may need a token on an open gateway', async () => {
      const anonymous = open('/ws/open');
      await anonymous.frame(0);
      anonymous.send({ event: 'echo', data: 1 });
      expect(await anonymous.frame(1)).toEqual({ event: 'echo', data: 1 });
      anonymous.send({ event: 'private' });
      expect(await anonymous.frame(2)).toMatchObject({ event: 'exception', data: { code: 'missing_token' } });
      anonymous.close();
      const client = open('/ws/open', { headers: accessHeader() });
      await client.frame(0);
      client.send({ event: 'private' });
      expect(await client.frame(1)).toEqual({ event: 'private', data: 'for clients' });
      client.close();
    });
  });
});

describe.each(ADAPTERS)('ws with other settings, on %s', (adapter) => {
  it('answers the upgrade with 401 and admits tokens by query string', async () => {
    const app = await startApp({
      adapter,
      providers: [AccessGateway],
      fastauth: { websocketRefusal: 'unauthorized', websocketQueryToken: true },
      configure: (nest) => nest.useWebSocketAdapter(new WsAdapter(nest)),
    });
    const { access_token: token } = await app.issue();
    const refused = TestSocket.open(`${app.url}/ws/access`);
    await refused.closed();
    expect(refused.refusedWith).toBe(401);
    const admitted = TestSocket.open(`${app.url}/ws/access?access_token=${token}`);
    expect(await admitted.frame(0)).toEqual(ACCEPTED);
    admitted.close();
    await app.close();
  });

  it("guards a gateway's own port", async () => {
    const [port, deepPort] = [await freePort(), await freePort()];
    @AccessOnly()
    @WebSocketGateway(port)
    class OwnPortGateway extends TestGateway {}
    @AccessOnly()
    @WebSocketGateway(deepPort, { path: '/deep' })
    class OwnPortAndPathGateway extends TestGateway {}
    const app = await startApp({
      adapter,
      providers: [OwnPortGateway, OwnPortAndPathGateway],
      configure: (nest) => nest.useWebSocketAdapter(new WsAdapter(nest)),
    });
    const { access_token: token } = await app.issue();
    const headers = { 'ACCESS-TOKEN': token };
    for (const url of [`ws://127.0.0.1:${port}/`, `ws://127.0.0.1:${deepPort}/deep`]) {
      expect(await TestSocket.open(url).closed()).toBe(1008);
      const admitted = TestSocket.open(url, { headers });
      expect(await admitted.frame(0)).toEqual(ACCEPTED);
      admitted.close();
    }
    await app.close();
  });

  it.each([true, false])(
    'guards undecorated gateways by default-access, globalGuard: %s',
    async (globalGuard) => {
      const app = await startApp({
        adapter,
        providers: [RuledGateway, OpenGateway],
        fastauth: { defaultAccess: 'access', globalGuard },
        configure: (nest) => nest.useWebSocketAdapter(new WsAdapter(nest)),
      });
      expect(await TestSocket.open(`${app.url}/ruled/feed`).closed()).toBe(1008);
      const open = TestSocket.open(`${app.url}/ws/open`);
      expect(await open.frame(0)).toEqual(ACCEPTED);
      open.close();
      await app.close();
    },
  );

  it('refuses to start under an adapter whose servers it cannot guard', async () => {
    class OtherAdapter extends WsAdapter {
      override create(): never {
        return { on: () => undefined, close: (done: () => void) => done() } as never;
      }
    }
    await expect(
      startApp({
        adapter,
        providers: [AccessGateway],
        configure: (nest) => nest.useWebSocketAdapter(new OtherAdapter(nest)),
      }),
    ).rejects.toThrow('handshakes cannot be guarded');
  });
});

@AccessOnly()
@WebSocketGateway()
class IoGateway extends TestGateway {}

@MasterOnly()
@WebSocketGateway({ namespace: 'admin' })
class AdminNamespace extends TestGateway {}

@Public()
@WebSocketGateway({ namespace: '/open' })
class OpenNamespace extends TestGateway {}

@AccessOnly()
@WebSocketGateway({ namespace: /^\/room-\d+$/ })
class RoomNamespaces extends TestGateway {}

describe.each(ADAPTERS)('socket.io on %s', (adapter) => {
  let app: TestApp;
  let token: string;
  const clients: IoClient[] = [];
  const connect = async (
    namespace: string,
    options: Parameters<typeof io>[1] = {},
  ): Promise<IoClient | (Error & { data?: unknown })> => {
    const client = io(app.url + namespace, { forceNew: true, reconnection: false, ...options });
    clients.push(client);
    return new Promise((resolve) => {
      client.on('connect', () => resolve(client));
      client.on('connect_error', resolve);
    });
  };

  beforeAll(async () => {
    app = await startApp({
      adapter,
      providers: [IoGateway, AdminNamespace, OpenNamespace, RoomNamespaces],
      fastauth: { accessTokenPaths: ['/late'] },
      configure: (nest) => nest.useWebSocketAdapter(new IoAdapter(nest)),
    });
    token = (await app.issue('sensor')).access_token;
  });
  afterAll(async () => {
    for (const client of clients) client.close();
    await app.close();
  });

  it.each(['websocket', 'polling'])('lets a good token in over %s', async (transport) => {
    for (const options of [
      { auth: { token } },
      { extraHeaders: { 'ACCESS-TOKEN': token } },
      { extraHeaders: { Authorization: `Bearer ${token}` } },
    ]) {
      const client = await connect('', { transports: [transport], ...options });
      if (client instanceof Error) throw client;
      const answer = new Promise((resolve) => client.on('whoami', resolve));
      client.emit('whoami');
      expect(await answer).toEqual({ level: 'access', client: 'sensor' });
    }
  });

  it.each([
    ['', {}, 'Disconnected: Unauthorized ACCESS-TOKEN', 'missing_token'],
    ['', { auth: { token: 'x.y.z' } }, 'Disconnected: Unauthorized ACCESS-TOKEN', 'invalid_token'],
    ['', { auth: { token: { toString: 1 } } }, 'Disconnected: Unauthorized ACCESS-TOKEN', 'invalid_token'],
    ['', { auth: { token: 17 } }, 'Disconnected: Unauthorized ACCESS-TOKEN', 'invalid_token'],
    ['', { query: { access_token: 'x' } }, 'Disconnected: Unauthorized ACCESS-TOKEN', 'missing_token'],
    ['/admin', {}, 'Disconnected: Unauthorized Master Token', 'missing_token'],
    ['/room-7', {}, 'Disconnected: Unauthorized ACCESS-TOKEN', 'missing_token'],
  ])('refuses %s with %j', async (namespace, options, message, code) => {
    const before = app.app.get(IoGateway).connected.length;
    const error = await connect(namespace, options);
    expect(error).toMatchObject({ message, data: { code } });
    expect(app.app.get(IoGateway).connected).toHaveLength(before);
  });

  it('guards namespaces each by its own gateway', async () => {
    expect(await connect('/open')).not.toBeInstanceOf(Error);
    expect(await connect('/room-7', { auth: { token } })).not.toBeInstanceOf(Error);
    expect(await connect('/admin', { extraHeaders: { 'MASTER-TOKEN': MASTER_TOKEN } })).not.toBeInstanceOf(
      Error,
    );
  });

  it('guards namespaces that are made later, by path rule', async () => {
    const { server } = app.app.get(IoGateway) as unknown as { server: { of(name: string): unknown } };
    server.of('/late');
    expect(await connect('/late')).toMatchObject({ data: { code: 'missing_token' } });
    expect(await connect('/late', { auth: { token } })).not.toBeInstanceOf(Error);
  });

  it('refuses a message without echoing it', async () => {
    const client = await connect('', { auth: { token } });
    if (client instanceof Error) throw client;
    const answer = new Promise((resolve) => client.on('exception', resolve));
    client.emit('reboot', { token: 'sEcReT' });
    expect(await answer).toEqual({
      status: 'error',
      detail: 'Unauthorized Master Token',
      code: 'missing_token',
    });
  });
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

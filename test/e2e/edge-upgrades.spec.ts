import type { Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { WsAdapter } from '@nestjs/platform-ws';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { afterEach, describe, expect, it } from '@jest/globals';
import { WebSocket, WebSocketServer } from 'ws';
import { MasterOnly, Public, TokenStore } from '../../src/index.js';
import { ADAPTERS, MASTER_TOKEN, startApp, type TestApp, type TestAppOptions } from '../support/app.js';
import { RawSocket } from '../support/raw-socket.js';

const MASTER = { 'MASTER-TOKEN': MASTER_TOKEN };

@MasterOnly()
@WebSocketGateway({ path: '/admin/io' })
class GuardedGateway {
  @SubscribeMessage('x')
  x() {
    return 1;
  }
}

@Public()
@WebSocketGateway({ path: '/open' })
class OpenGateway {}

/** The first message, or how it went otherwise. */
function firstOf(
  url: string,
  headers: Record<string, string> = {},
  protocols: string[] = [],
): Promise<string> {
  return new Promise((resolve) => {
    const client = new WebSocket(url.replace('http', 'ws'), protocols, { headers });
    client.on('message', (message: Buffer) => {
      resolve(message.toString());
      client.terminate();
    });
    client.on('open', () => client.send('hello'));
    client.on('unexpected-response', (_request, response) => resolve(`refused ${response.statusCode}`));
    client.on('error', (error) => resolve(error.message));
  });
}

describe.each(ADAPTERS)('upgrades on %s', (adapter) => {
  const closing: (() => unknown)[] = [];
  const start = async (options: Omit<TestAppOptions, 'adapter'>): Promise<TestApp> => {
    const app = await startApp({ adapter, ...options });
    closing.push(() => app.close());
    return app;
  };
  const serverOf = (app: TestApp): Server => app.app.getHttpServer() as Server;
  const answerRaw = (app: TestApp, path?: string): WebSocketServer => {
    const server = new WebSocketServer({ server: serverOf(app), ...(path === undefined ? {} : { path }) });
    server.on('connection', (socket) => socket.send('confidential'));
    closing.push(() => {
      for (const client of server.clients) client.terminate();
      server.close();
    });
    return server;
  };
  afterEach(async () => {
    for (const close of closing.splice(0).toReversed()) await close();
  });

  it.each([
    ['a path rule', { accessTokenPaths: ['/admin'] }],
    ['default-access', { defaultAccess: 'access' as const }],
  ])('that a raw WebSocket server answers need what %s asks', async (_name, fastauth) => {
    const app = await start({ fastauth });
    answerRaw(app);
    const url = `${app.url}/admin/live`;
    const token = (await app.issue()).access_token;
    expect(await firstOf(url)).toBe('refused 401');
    expect(await firstOf(url, { 'ACCESS-TOKEN': 'bad' })).toBe('refused 401');
    expect(await firstOf(url, { 'ACCESS-TOKEN': token })).toBe('confidential');
    expect(await firstOf(url, {}, ['bearer', token])).toBe('confidential');
    expect(await firstOf(`${app.url}//admin/%2e/live`)).toBe('refused 401');
    expect(await firstOf(`${app.url}/elsewhere`)).toBe(
      'defaultAccess' in fastauth ? 'refused 401' : 'confidential',
    );
  });

  it('reach no listener, whichever came first, until they are decided', async () => {
    const app = await start({ fastauth: { defaultAccess: 'access' } });
    let heard = 0;
    const listen = (_request: unknown, socket: Duplex): void => {
      heard++;
      socket.end('HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nconfidential');
    };
    serverOf(app).prependListener('upgrade', listen).prependListener('connect', listen);
    const refused = await RawSocket.upgrade(`${app.url}/x`).closed();
    expect(refused).toContain('HTTP/1.1 401 Unauthorized');
    const tunnel = new RawSocket(app.url, 'CONNECT inside:443 HTTP/1.1\r\nHost: inside\r\n\r\n');
    expect(await tunnel.closed()).toContain('HTTP/1.1 401 Unauthorized');
    expect(heard).toBe(0);
    const token = (await app.issue()).access_token;
    expect(await RawSocket.upgrade(`${app.url}/x`, [`ACCESS-TOKEN: ${token}`]).closed()).toContain(
      'confidential',
    );
  });

  it('wait for the store, and are forgotten when they go away', async () => {
    const app = await start({ fastauth: { accessTokenPaths: ['/x'] } });
    answerRaw(app);
    const token = (await app.issue()).access_token;
    const store = app.app.get(TokenStore);
    const find = store.find.bind(store);
    let answer = (): void => undefined;
    let asked = (): void => undefined;
    const wasAsked = new Promise<void>((resolve) => (asked = resolve));
    const mayAnswer = new Promise<void>((resolve) => (answer = resolve));
    store.find = (async (...args: Parameters<typeof find>) => {
      asked();
      await mayAnswer;
      return find(...args);
    }) as typeof find;
    const leaver = RawSocket.upgrade(`${app.url}/x`, [`ACCESS-TOKEN: ${token}`]);
    await wasAsked;
    const stayer = firstOf(`${app.url}/x`, { 'ACCESS-TOKEN': token });
    leaver.connection.resetAndDestroy();
    answer();
    expect(await stayer).toBe('confidential');
  });

  it('to a gateway are left to its own gate, which refuses in its own words', async () => {
    const app = await start({
      providers: [OpenGateway],
      fastauth: { accessTokenPaths: ['/open'] },
      configure: (nest) => nest.useWebSocketAdapter(new WsAdapter(nest)),
    });
    expect(await firstOf(`${app.url}/open`)).toContain('Disconnected: Unauthorized ACCESS-TOKEN');
    expect(await firstOf(`${app.url}/open/more`)).toBe('refused 401');
  });

  it('of a public gateway are open under default-access', async () => {
    const app = await start({
      providers: [OpenGateway],
      fastauth: { defaultAccess: 'master' },
      configure: (nest) => nest.useWebSocketAdapter(new WsAdapter(nest)),
    });
    const socket = RawSocket.upgrade(`${app.url}/open`);
    expect(await socket.hears('\r\n\r\n')).toContain('101 Switching Protocols');
    socket.connection.destroy();
  });

  it('and polling of socket.io pass to its gate; what else engine.io answers does not', async () => {
    const app = await start({
      providers: [GuardedGateway],
      fastauth: { masterTokenPaths: ['/admin'], defaultAccess: 'master' },
      configure: (nest) => nest.useWebSocketAdapter(new IoAdapter(nest)),
    });
    const polling = '/admin/io/?EIO=4&transport=polling';
    for (const path of [
      '/admin/io/socket.io.js',
      '/admin/io/',
      '/admin/io/?EIO=4',
      '/admin/io/?EIO=4&transport=websocket',
      '/admin/io/x?EIO=4&transport=polling',
    ]) {
      const refused = await app.get(path);
      expect([path, refused.status, refused.body?.code]).toEqual([path, 401, 'missing_token']);
    }
    expect((await app.get('/admin/io/socket.io.js', MASTER)).status).toBe(200);
    const opened = await app.get(polling);
    expect(opened.status).toBe(200);
    const { sid } = JSON.parse(opened.text.slice(1)) as { sid: string };
    await app.request('POST', `${polling}&sid=${sid}`, {
      body: '40',
      headers: { 'content-type': 'text/plain' },
    });
    expect((await app.get(`${polling}&sid=${sid}`)).text).toContain('Unauthorized Master Token');
  });

  it('and requests that listeners of the server answer need what rules ask', async () => {
    const app = await start({ fastauth: { accessTokenPaths: ['/admin'] } });
    const server = serverOf(app);
    const listeners = server.listeners('request') as ((...args: unknown[]) => void)[];
    server.removeAllListeners('request');
    server.on('request', (request, response) => {
      if (request.url?.endsWith('/raw')) response.end('confidential');
      else for (const listener of listeners) listener.call(server, request, response);
    });
    server.on('checkContinue', (_request, response) => response.end('confidential'));
    expect((await app.get('/admin/raw')).status).toBe(401);
    expect((await app.get('/raw')).text).toBe('confidential');
    expect((await app.get('/admin/other')).status).toBe(401);
    const token = (await app.issue()).access_token;
    expect((await app.get('/admin/raw', { 'ACCESS-TOKEN': token })).text).toBe('confidential');
    const expecting = new RawSocket(
      app.url,
      'POST /admin/x HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nConnection: close\r\nContent-Length: 0\r\n\r\n',
    );
    expect(await expecting.closed()).toContain('HTTP/1.1 401');
  });
});

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import type { Server } from 'socket.io';
import {
  AccessOnly,
  AuditSink,
  FastauthEvents,
  MemoryTokenStore,
  TokenService,
  TokenStore,
  type SessionKey,
} from '../../src/index.js';
import { startApp, type TestApp } from '../support/app.js';
import { startIoApp, until } from '../support/io-app.js';
import { COMBINATIONS, SOCKET_IO, WS } from '../support/socket-platforms.js';
import { TestGateway } from '../support/test-gateway.js';

/** What would have ended the process. Jest keeps it alive, so it is looked for here. */
const escaped: unknown[] = [];
const note = (error: unknown): number => escaped.push(error);
let app: TestApp | undefined;

beforeEach(() => {
  process.on('uncaughtException', note);
  process.on('unhandledRejection', note);
});
afterEach(async () => {
  await app?.close();
  app = undefined;
  // Rejections are told of once the microtasks are done.
  for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate);
  process.off('uncaughtException', note);
  process.off('unhandledRejection', note);
  expect(escaped.splice(0)).toEqual([]);
});

class ThrowingStore extends MemoryTokenStore {
  throws: 'never' | 'at once' | 'later' = 'never';

  override find(key: SessionKey): never {
    if (this.throws === 'at once') throw new TypeError('a store of the application');
    if (this.throws === 'later') return Promise.reject(new TypeError('a store of the application')) as never;
    return super.find(key) as never;
  }
}

describe.each(COMBINATIONS)('a gateway of %s on %s', (_name, adapter, platform) => {
  const open = async (override: TokenStore, events?: AuditSink): Promise<TestApp> => {
    @AccessOnly()
    @WebSocketGateway(platform.at('/sockets'))
    class Gateway extends TestGateway {
      @SubscribeMessage('guarded')
      guarded(): object {
        return { event: 'guarded', data: 'yes' };
      }
    }
    app = await startApp({
      adapter,
      providers: [Gateway],
      fastauth: { websocketReauthenticationGrace: 0, ...(events ? { auditSink: events } : {}) },
      override: (builder) => builder.overrideProvider(TokenStore).useValue(override),
      configure: (nest) => nest.useWebSocketAdapter(platform.adapter(nest)),
    });
    return app;
  };

  it.each(['at once', 'later'] as const)(
    'refuses handshakes though the store throws what it should not, %s',
    async (when) => {
      const store = new ThrowingStore();
      const { url, issue } = await open(store);
      const { access_token } = await issue('ada');
      store.throws = when;
      const client = platform.connect(url, '/sockets', { headers: { 'ACCESS-TOKEN': access_token } });
      const outcome =
        platform === SOCKET_IO
          ? await client.refused()
          : await until(() => client.heard.includes('Disconnected')).then(() => ({ detail: client.heard }));
      expect(outcome?.detail).toContain('The handshake could not be verified');
      expect(outcome?.detail).not.toContain('a store of the application');
      store.throws = 'never';
      const next = platform.connect(url, '/sockets', { headers: { 'ACCESS-TOKEN': access_token } });
      expect(await next.refused()).toBeUndefined();
      for (const each of [client, next]) each.close();
    },
  );

  it('answers a fresh token though the store throws, and follows sessions afterwards', async () => {
    const store = new ThrowingStore();
    const { url, issue, app: nest } = await open(store);
    const pair = await issue('ada');
    const client = platform.connect(url, '/sockets', { headers: { 'ACCESS-TOKEN': pair.access_token } });
    expect(await client.refused()).toBeUndefined();
    store.throws = 'at once';
    client.emit('fastauth.authenticate', { access_token: pair.access_token });
    expect(await client.next('fastauth.authenticate')).toMatchObject({
      status: 'error',
      code: 'store_unavailable',
    });
    store.throws = 'never';
    await nest.get(TokenService).revokeClient('ada');
    expect(await client.ended()).toMatchObject({ code: 'session_revoked' });
    client.close();
  });

  it('is served, though sinks, listeners and watchers throw or reject', async () => {
    const rejecting = (): Promise<void> => Promise.reject(new Error('full'));
    class Sink extends AuditSink {
      record = rejecting;
    }
    const { url, issue, post, app: nest } = await open(new MemoryTokenStore(), new Sink());
    // oxlint-disable-next-line typescript/no-misused-promises -- nobody waits for it, as in an application with this fault
    nest.get(FastauthEvents).subscribe(rejecting);
    nest.get(FastauthEvents).subscribe(() => {
      throw new Error('full');
    });
    // oxlint-disable-next-line typescript/no-misused-promises -- nobody waits for this one either
    nest.get(TokenService).watch(rejecting);
    nest.get(TokenService).watch(() => {
      throw new Error('full');
    });
    const pair = await issue('ada');
    const client = platform.connect(url, '/sockets', { headers: { 'ACCESS-TOKEN': pair.access_token } });
    expect(await client.refused()).toBeUndefined();
    expect((await post('/auth/token/refresh', { refresh_token: pair.refresh_token })).status).toBe(200);
    expect(await client.ended()).toMatchObject({ code: 'token_superseded' });
    client.close();
  });
});

describe('sockets whose application throws', () => {
  it('socket.io: they end all the same, and so do the others, at expiry and at shutdown', async () => {
    const io = await startIoApp();
    app = io;
    const clients = [await io.connection(), await io.connection(), await io.connection()];
    const { token } = await io.authOf('ada');
    for (const client of clients) expect(await client.enter('/', { token })).toHaveProperty('sid');
    const sockets = [...(io.server as Server).sockets.sockets.values()];
    sockets[0]?.onAnyOutgoing(() => {
      throw new Error('outgoing');
    });
    sockets[1]?.once('disconnecting', () => {
      throw new Error('disconnecting');
    });
    io.clock.advance(31 * 24 * 3600);
    await until(() => sockets.filter((socket) => socket.connected).length === 1);
    // The one that could not be disconnected has the connection closed, once it had the time to go.
    io.clock.advance(3);
    await until(() => sockets.every((socket) => !socket.connected));
    await clients[2]?.event('/', 'fastauth.ended');
  });

  it('ws: one that cannot be told is closed', async () => {
    const thrown = (): never => {
      throw new Error('patched');
    };
    let patched = 0;
    let pings = 0;
    @AccessOnly()
    @WebSocketGateway(WS.at('/sockets'))
    class Gateway extends TestGateway {
      override handleConnection(client: { send: (text: string) => void; ping: () => void }): void {
        super.handleConnection(client as never);
        if (patched++ > 0) return;
        Object.assign(client, {
          send: thrown,
          ping: () => {
            pings++;
            thrown();
          },
        });
      }
    }
    app = await startApp({
      adapter: 'express',
      providers: [Gateway],
      fastauth: { websocketHeartbeat: 1 },
      configure: (nest) => nest.useWebSocketAdapter(WS.adapter(nest)),
    });
    const headers = { 'ACCESS-TOKEN': (await app.issue('ada')).access_token };
    const clients = [1, 2].map(() => WS.connect(app?.url ?? '', '/sockets', { headers }));
    for (const client of clients) expect(await client.refused()).toBeUndefined();
    await until(() => pings > 0);
    expect(clients.every((client) => client.isOpen)).toBe(true);
    await app.app.get(TokenService).revokeClient('ada');
    await until(() => clients.every((client) => !client.isOpen));
  });

  it('socket.io: middleware that throws refuses, after a store that answers late, too', async () => {
    const io = await startIoApp({
      prepare: (server) =>
        server.of('/').use(() => {
          throw new Error('middleware');
        }),
    });
    app = io;
    const client = await io.connection();
    expect(await client.enter('/', await io.authOf('ada'))).toMatchObject({
      data: { code: 'internal_error' },
    });
  });
});

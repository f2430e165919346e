import { describe, expect, it } from '@jest/globals';
import { WebSocketGateway } from '@nestjs/websockets';
import type { INestApplication } from '@nestjs/common';
import type { Server } from 'node:http';
import { AccessOnly, MemoryTokenStore, TokenStore } from '../../src/index.js';
import { LiveSockets } from '../../src/transports/live/live-sockets.js';
import { ADAPTERS, startApp, type TestApp, type TestAppOptions } from '../support/app.js';
import { RawSocket, upgradeLines } from '../support/raw-socket.js';
import { WS } from '../support/socket-platforms.js';
import { TestGateway } from '../support/test-gateway.js';

@AccessOnly()
@WebSocketGateway({ path: '/half' })
class HalfGateway extends TestGateway {}

describe.each(ADAPTERS)('half-open sockets of ws on %s', (adapter) => {
  const start = (
    override?: TestAppOptions['override'],
    configure: (nest: INestApplication) => void = () => undefined,
  ): Promise<TestApp> =>
    startApp({
      adapter,
      providers: [HalfGateway],
      configure: (nest) => {
        nest.useWebSocketAdapter(WS.adapter(nest));
        configure(nest);
      },
      ...(override ? { override } : {}),
    });

  const connections = (app: TestApp): Promise<number> =>
    new Promise((resolve) =>
      (app.app.getHttpServer() as Server).getConnections((_error, count) => resolve(count)),
    );
  /** @param others connections that clients of HTTP keep */
  const allGone = async (app: TestApp, others = 0): Promise<void> => {
    const deadline = Date.now() + 5000;
    while ((await connections(app)) > others) {
      if (Date.now() > deadline) throw new Error('A connection was left open');
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    expect(app.app.get(LiveSockets).size).toBe(0);
  };

  it('end with the time that Node gives to headers, where the handshake is not sent to its end', async () => {
    const app = await start(undefined, (nest) =>
      // As options of Node's server, which looks every 30 seconds by default.
      Object.assign(nest.getHttpServer(), { headersTimeout: 200, connectionsCheckingInterval: 50 }),
    );
    const half = new RawSocket(app.url, upgradeLines(`${app.url}/half`).join('\r\n'));
    expect(await half.closed()).toMatch(/^HTTP\/1\.1 408 /);
    expect(app.app.get(HalfGateway).connected).toEqual([]);
    await allGone(app);
    await app.close();
  });

  it('are cut when they leave the close of their refusal unanswered', async () => {
    const app = await start();
    const refused = RawSocket.upgrade(`${app.url}/half`);
    await refused.hears('"status":"error"');
    const since = Date.now();
    // Its own half stays open.
    await refused.closed();
    expect(Date.now() - since).toBeLessThan(4000);
    await allGone(app);
    await app.close();
  });

  it.each([
    ['resets', (socket: RawSocket) => socket.connection.resetAndDestroy()],
    ['ends', (socket: RawSocket) => socket.connection.destroy()],
  ])('are forgotten when the client %s the connection while the store is asked', async (_how, leave) => {
    class SlowStore extends MemoryTokenStore {
      readonly asked: (() => void)[] = [];
      override find(key: Parameters<MemoryTokenStore['find']>[0]) {
        const record = super.find(key);
        return new Promise((resolve) => this.asked.push(() => resolve(record))) as never;
      }
    }
    const store = new SlowStore();
    const app = await start((builder) => builder.overrideProvider(TokenStore).useValue(store));
    const { access_token: token } = await app.issue('sensor');
    const others = await connections(app);
    const leaving = RawSocket.upgrade(`${app.url}/half`, [`ACCESS-TOKEN: ${token}`]);
    const staying = RawSocket.upgrade(`${app.url}/half`, [`ACCESS-TOKEN: ${token}`]);
    while (store.asked.length < 2) await new Promise(setImmediate);
    const left = leaving.closed();
    leave(leaving);
    await left;
    // Time for the server to hear of it.
    for (let tries = 0; (await connections(app)) > others + 1 && tries < 20; tries++)
      await new Promise((resolve) => setTimeout(resolve, 10));
    for (const answer of store.asked) answer();
    await staying.hears('you are in');
    const { connected } = app.app.get(HalfGateway);
    expect(connected).toHaveLength(1);
    staying.connection.destroy();
    await allGone(app, others);
    await app.close();
  });
});

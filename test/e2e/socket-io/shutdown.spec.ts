import { afterEach, describe, expect, it } from '@jest/globals';
import { io, type Socket as IoClient } from 'socket.io-client';
import { ADAPTERS, MASTER_TOKEN } from '../../support/app.js';
import { startIoApp, until, type IoApp } from '../../support/io-app.js';

const MASTER = { 'MASTER-TOKEN': MASTER_TOKEN };

let app: IoApp;
let client: IoClient | undefined;
afterEach(async () => {
  client?.close();
  await app.close();
});

describe.each(ADAPTERS)('a server of socket.io that goes away, on %s', (adapter) => {
  it.each([[['websocket']], [['polling']], [['polling', 'websocket']]])(
    'tells its clients, which come back by themselves (%j)',
    async (transports) => {
      app = await startIoApp({ adapter });
      client = io(`${app.url}/master`, {
        forceNew: true,
        transports,
        extraHeaders: MASTER,
        reconnectionDelay: 20,
        reconnectionDelayMax: 50,
      });
      const heard: unknown[] = [];
      client.on('fastauth.ended', (notice: unknown) => heard.push(notice));
      client.on('disconnect', (reason: string) => heard.push(reason));
      await until(() => client?.connected === true);
      const port = Number(new URL(app.url).port);
      await app.close();
      await until(() => heard.length === 2);
      expect(heard).toEqual([
        { status: 'error', detail: 'Disconnected: The server is shutting down', code: 'shutting_down' },
        'transport close',
      ]);
      app = await startIoApp({ adapter, port });
      await until(() => client?.connected === true);
    },
  );

  it('closes WebSockets with 1001, those in no namespace as well', async () => {
    app = await startIoApp({ adapter });
    const inside = await app.connection(MASTER);
    expect(await inside.enter('/master')).toHaveProperty('sid');
    const outside = await app.connection();
    const closing = app.app.close();
    for (const { connection } of [inside, outside]) {
      expect(await connection.closed()).toBe(1001);
      expect(connection.closeReason).toBe('shutting_down');
    }
    await closing;
  });

  it('does not wait long for clients that do not answer', async () => {
    app = await startIoApp({ adapter });
    const deaf = await app.connection(MASTER);
    expect(await deaf.enter('/master')).toHaveProperty('sid');
    const cut = deaf.goDeaf();
    const since = Date.now();
    await app.app.close();
    expect(Date.now() - since).toBeLessThan(3000);
    await cut;
  }, 60_000);
});

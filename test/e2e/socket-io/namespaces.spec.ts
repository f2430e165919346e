import { afterEach, describe, expect, it } from '@jest/globals';
import type { Namespace } from 'socket.io';
import { MemoryTokenStore, TokenStore } from '../../../src/index.js';
import { startIoApp, until, type IoApp } from '../../support/io-app.js';

const HANDSHAKES = 200;

let app: IoApp;
afterEach(() => app.close());

describe.each([false, true])('dynamic namespaces, with cleanupEmptyChildNamespaces: %s', (cleanup) => {
  const serverOptions = { cleanupEmptyChildNamespaces: cleanup };
  const children = (): Set<Namespace> => {
    const [parent] = Reflect.get(app.server, 'parentNsps').values();
    return parent.children;
  };

  it(`are gone when nobody was let in: ${HANDSHAKES} refused handshakes leave none`, async () => {
    app = await startIoApp({ serverOptions });
    const before = app.server._nsps.size;
    const { connection } = await app.connection();
    for (let room = 0; room < HANDSHAKES; room++) connection.send(`40/room-${room},{"token":"x.y.z"}`);
    await connection.frame(HANDSHAKES);
    expect(connection.frames.at(-1)).toContain('invalid_token');
    await until(() => app.server._nsps.size === before);
    expect(children().size).toBe(0);
  });

  it('stay while somebody is in, and where the application made them', async () => {
    app = await startIoApp({ serverOptions });
    const own = app.server.of('/room-1');
    const inside = await app.connection();
    await inside.enter('/room-2', await app.authOf('sensor'));
    const refused = await app.connection();
    for (const room of ['/room-1', '/room-2', '/room-3']) {
      expect(await refused.enter(room)).toHaveProperty('message');
    }
    await until(() => !app.server._nsps.has('/room-3'));
    app.server.of('/room-2').emit('still', 'here');
    expect(await inside.event('/room-2', 'still')).toEqual(['still', 'here']);
    // What socket.io promises of its option holds for all of them.
    expect(children().has(own)).toBe(!cleanup);
    inside.close();
    await until(() => app.server.of('/room-2').sockets.size === 0);
    expect(children().size).toBe(cleanup ? 1 : 2);
  });

  it('are not taken from under a handshake that is not decided yet', async () => {
    let answer: (() => void) | undefined;
    class SlowStore extends MemoryTokenStore {
      isSlow = false;
      override find(key: Parameters<MemoryTokenStore['find']>[0]) {
        const found = super.find(key);
        if (!this.isSlow) return found;
        return new Promise((resolve) => (answer = () => resolve(found))) as never;
      }
    }
    const store = new SlowStore();
    app = await startIoApp({
      serverOptions,
      override: (builder) => builder.overrideProvider(TokenStore).useValue(store),
    });
    const auth = await app.authOf('sensor');
    store.isSlow = true;
    const slow = await app.connection();
    const entering = slow.enter('/room-5', auth);
    await until(() => answer !== undefined);
    const refused = await app.connection();
    expect(await refused.enter('/room-5', { token: 'x.y.z' })).toHaveProperty('message');
    await new Promise(setImmediate);
    answer?.();
    expect(await entering).toHaveProperty('sid');
    app.server.of('/room-5').emit('hello', 'you');
    expect(await slow.event('/room-5', 'hello')).toEqual(['hello', 'you']);
  });
});

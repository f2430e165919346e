import { afterEach, describe, expect, it } from '@jest/globals';
import type { Server } from 'socket.io';
import type { TestAppOptions } from '../../support/app.js';
import { startIoApp, until, type IoApp } from '../../support/io-app.js';

let app: IoApp;
afterEach(() => app.close());

describe.each([
  ['that socket.io brings', (): void => undefined],
  [
    'of another kind',
    (server: Server): void =>
      void server.adapter(class extends (server.adapter() as typeof Object) {} as never),
  ],
])('connection state recovery, with the adapter %s', (_, prepare) => {
  const start = async (fastauth: TestAppOptions['fastauth'] = {}): Promise<void> => {
    app = await startIoApp({
      serverOptions: { connectionStateRecovery: { maxDisconnectionDuration: 60_000 } },
      prepare,
      fastauth,
    });
  };

  /** A client in a room of its own loses its connection, and then misses a message. */
  async function loseOne(namespace: string, auth: object): Promise<{ pid: unknown; offset: unknown }> {
    const client = await app.connection();
    const { sid = '', pid } = await client.enter(namespace, auth);
    const place = app.server.of(namespace);
    place.in(sid).socketsJoin('private');
    place.to('private').emit('first');
    const [, offset] = await client.event(namespace, 'first');
    client.close();
    await until(() => place.sockets.size === 0);
    place.to('private').emit('missed', 'a secret');
    // An adapter that keeps nothing gives no offset.
    return { pid, offset: offset ?? 'none' };
  }

  // In /open, messages are guarded.
  it.each(['/', '/room-3', '/open'])(
    'gives nobody the rooms and messages of another, in %s',
    async (namespace) => {
      await start();
      const auth = await app.authOf('alice');
      const lost = await loseOne(namespace, auth);
      const place = app.server.of(namespace);
      const joined: string[] = [];
      place.adapter.on('join-room', (room: string) => joined.push(room));
      for (const [who, isLetIn] of [
        [{ token: 'x.y.z' }, namespace === '/open'],
        [await app.authOf('mallory'), true],
        [auth, true],
      ] as const) {
        const other = await app.connection();
        const answer = await other.enter(namespace, { ...who, ...lost });
        expect('sid' in answer).toBe(isLetIn);
        if (isLetIn) {
          // Comes after whatever was sent to a restored session.
          place.to(answer.sid ?? '').emit('now');
          await other.event(namespace, 'now');
        }
        expect(other.connection.frames.join()).not.toContain('a secret');
      }
      expect(joined).toHaveLength(namespace === '/open' ? 3 : 2);
      expect(joined).not.toContain('private');
    },
  );

  it('goes on where nothing is guarded', async () => {
    await start();
    const lost = await loseOne('/news', {});
    const again = await app.connection();
    await again.enter('/news', lost);
    expect(await again.event('/news', 'missed')).toEqual(['missed', 'a secret', expect.any(String)]);
  });

  it('gives nothing to a page of another origin', async () => {
    await start({ websocketOrigins: ['https://app.example.com'] });
    const lost = await loseOne('/news', {});
    const foreign = await app.connection({ Origin: 'https://evil.example.com' });
    expect(await foreign.enter('/news', lost)).toMatchObject({ data: { code: 'origin_not_allowed' } });
    expect(foreign.connection.frames.join()).not.toContain('a secret');
  });
});

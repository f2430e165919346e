import { afterEach, expect, it } from '@jest/globals';
import type { Socket } from 'socket.io';
import { MASTER_TOKEN } from '../../support/app.js';
import { MainGateway, MasterGateway, RoomsGateway, startIoApp, type IoApp } from '../../support/io-app.js';

let app: IoApp;
afterEach(() => app.close());

it.each(['/', '/room-1', '/master'])(
  "the application's middleware sees no socket that is refused, in %s",
  async (namespace) => {
    const early: string[] = [];
    const seen = (): string[] => [
      ...early,
      ...[MainGateway, RoomsGateway, MasterGateway].flatMap((gateway) => app.app.get(gateway).seen),
    ];
    app = await startIoApp({
      // Before the gate takes hold of the server.
      prepare: (server) =>
        server.use((socket: Socket, next: () => void) => {
          early.push(socket.nsp.name);
          next();
        }) as unknown as void,
    });
    const refused = await app.connection();
    expect(await refused.enter(namespace, { token: 'x.y.z' })).toHaveProperty('message');
    expect(seen()).toEqual([]);
    const admitted = await app.connection({ 'MASTER-TOKEN': MASTER_TOKEN });
    expect(await admitted.enter(namespace, await app.authOf('sensor'))).toHaveProperty('sid');
    expect(seen()).toEqual(namespace === '/' ? ['/', '/'] : [namespace]);
  },
);

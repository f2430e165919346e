import { expect, it } from '@jest/globals';
import type { Server } from 'socket.io';
import { startIoApp } from '../../support/io-app.js';

it.each([
  ['Server', '_nsps', (server: Server) => server],
  ['Server', 'parentNsps', (server: Server) => server],
  ['Server', '_checkNamespace', (server: Server) => server],
  ['Namespace', 'sockets', (server: Server) => server.sockets],
  ['Namespace', '_preConnectSockets', (server: Server) => server.sockets],
  ['Namespace', '_fns', (server: Server) => server.sockets],
  ['Namespace', '_createSocket', (server: Server) => server.sockets],
  ['Namespace', '_remove', (server: Server) => server.sockets],
  ['engine', 'clients', ({ engine }: Server) => engine as object],
  ['engine', 'opts', ({ engine }: Server) => engine as object],
])('a socket.io without %s.%s refuses to start', async (owner, name, holderOf) => {
  let putBack = (): unknown => undefined;
  const start = startIoApp({
    prepare(server) {
      const holder = holderOf(server);
      const member: unknown = Reflect.get(holder, name);
      Reflect.set(holder, name, undefined);
      putBack = () => Reflect.set(holder, name, member) && server.close();
    },
  });
  await expect(start).rejects.toThrow(
    new RegExp(`socket\\.io 4\\.\\d+\\.\\d+ cannot be guarded: it lacks ${owner}\\.${name}\\b.* Install `),
  );
  await putBack();
});

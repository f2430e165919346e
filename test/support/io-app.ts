import { expect } from '@jest/globals';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { type OnGatewayInit, WebSocketGateway } from '@nestjs/websockets';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Namespace, Server, ServerOptions } from 'socket.io';
import { AccessOnly, MasterOnly, Public } from '../../src/index.js';
import { startApp, type TestApp, type TestAppOptions } from './app.js';
import { RawIoClient } from './raw-io-client.js';
import { TestGateway } from './test-gateway.js';

class IoGateway extends TestGateway implements OnGatewayInit<Namespace> {
  /** Names of the namespaces where the gateway's own middleware saw a socket. */
  readonly seen: string[] = [];

  afterInit(namespace: Namespace): void {
    namespace.use((socket, next) => {
      this.seen.push(socket.nsp.name);
      next();
    });
  }
}
@AccessOnly()
@WebSocketGateway()
export class MainGateway extends IoGateway {}
@Public()
@WebSocketGateway({ namespace: '/open' })
export class OpenGateway extends IoGateway {}
@AccessOnly()
@WebSocketGateway({ namespace: /^\/room-\d+$/ })
export class RoomsGateway extends IoGateway {}
@MasterOnly()
@WebSocketGateway({ namespace: '/master' })
export class MasterGateway extends IoGateway {}

/** Nothing there asks for anything. */
@Public()
@WebSocketGateway({ namespace: '/news' })
class NewsGateway {}

interface IoAppOptions extends Partial<TestAppOptions> {
  readonly serverOptions?: Partial<ServerOptions>;
  /** What an adapter of the application does with the server that it has made. */
  readonly prepare?: (server: Server) => void;
}

/** An application with guarded and open namespaces of one socket.io server. */
export interface IoApp extends TestApp {
  readonly server: Server;
  /** A connection that {@link IoApp.close} closes. */
  connection(headers?: Record<string, string>): Promise<RawIoClient>;
  /** What a page sends to enter as that client. */
  authOf(clientId: string): Promise<{ token: string }>;
}

export async function startIoApp(options: IoAppOptions = {}): Promise<IoApp> {
  const { serverOptions, prepare, ...others } = options;
  const made: Server[] = [];
  class PreparingAdapter extends IoAdapter {
    override createIOServer(port: number, given?: ServerOptions): Server {
      const server = super.createIOServer(port, { ...given, ...serverOptions } as ServerOptions) as Server;
      prepare?.(server);
      made.push(server);
      return server;
    }
  }
  const app = await startApp({
    adapter: 'express',
    providers: [MainGateway, OpenGateway, RoomsGateway, MasterGateway, NewsGateway],
    configure: (nest) => nest.useWebSocketAdapter(new PreparingAdapter(nest)),
    ...others,
  });
  const clients: RawIoClient[] = [];
  return {
    ...app,
    server: made[0] as Server,
    connection: async (headers = {}) => {
      const client = await RawIoClient.open(app.url, headers);
      clients.push(client);
      return client;
    },
    authOf: async (clientId) => ({ token: (await app.issue(clientId)).access_token }),
    close: async () => {
      for (const client of clients) client.close();
      await app.close();
    },
  };
}

/** Waits for what no event tells of. */
export async function until(isSo: () => boolean): Promise<void> {
  for (let waited = 0; !isSo() && waited < 200; waited++) await sleep(10);
  expect(isSo()).toBe(true);
}

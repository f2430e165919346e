import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { WsAdapter } from '@nestjs/platform-ws';
import { WebSocketGateway } from '@nestjs/websockets';
import type { Server } from 'node:http';
import { createInterface } from 'node:readline';
import { AccessOnly } from '../../src/access/decorators.js';
import { FastauthModule } from '../../src/fastauth.module.js';
import { TokenService } from '../../src/tokens/token.service.js';
import { LiveSockets } from '../../src/transports/live/live-sockets.js';
import { RoutesController } from './routes.controller.js';

/**
 * An application with sockets, as a process of its own: says `{ url }`, then answers each command of stdin with a
 * line. Arguments: `database-url`, `app-name`, the library: `ws`, or `socket.io`, and further keys of the configuration as JSON. Run it with `--expose-gc` to ask for its memory.
 */
const [, , databaseUrl = 'memory:', appName = 'fastauth', library = 'ws', settings = '{}'] = process.argv;

class Greeting {
  handleConnection(client: { send(text: string): void }): void {
    client.send('{"event":"hello"}');
  }
}

@AccessOnly()
@WebSocketGateway({ path: '/live' })
class LiveGateway extends Greeting {}

@WebSocketGateway({ path: '/open' })
class OpenGateway extends Greeting {}

@Module({
  imports: [
    FastauthModule.forRoot({
      configFile: false,
      envFile: false,
      databaseUrl,
      appName,
      masterToken: 'master-token-of-the-tests',
      cryptographyKey: 'a secret of the tests, thirty-two bytes or more',
      auditLog: 'off',
      ...(JSON.parse(settings) as object),
    }),
  ],
  controllers: [RoutesController],
  providers: [LiveGateway, OpenGateway],
})
class SocketServerModule {}

const app = await NestFactory.create(SocketServerModule, { logger: ['error'] });
app.useWebSocketAdapter(library === 'ws' ? new WsAdapter(app) : new IoAdapter(app));
await app.listen(0, '127.0.0.1');
const tokens = app.get(TokenService);
const server = app.getHttpServer() as Server;

const commands: Readonly<Record<string, (argument: never) => Promise<unknown>>> = {
  issue: async (clientIds: string[]) =>
    Promise.all(clientIds.map(async (clientId) => tokens.issue({ clientId }))),
  refresh: async (refreshToken: string) => tokens.refresh(refreshToken),
  revokeClient: async (clientId: string) => tokens.revokeClient(clientId),
  /** Bytes after a collection, and what is open. */
  state: async () => {
    for (let round = 0; round < 4; round++) {
      globalThis.gc?.();
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const { heapUsed, external, rss } = process.memoryUsage();
    const connections = await new Promise((resolve) =>
      server.getConnections((_error, count) => resolve(count)),
    );
    return { used: heapUsed + external, rss, connections, live: app.get(LiveSockets).size };
  },
  /** Microseconds of CPU in this many milliseconds. */
  cpu: async (milliseconds: number) => {
    const before = process.cpuUsage();
    await new Promise((resolve) => setTimeout(resolve, milliseconds));
    const { user, system } = process.cpuUsage(before);
    return user + system;
  },
};

function say(message: unknown): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

say({ url: await app.getUrl() });
for await (const line of createInterface({ input: process.stdin })) {
  const [name, argument] = JSON.parse(line) as [string, never];
  say((await commands[name]?.(argument)) ?? null);
}
await app.close();

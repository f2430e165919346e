// A server of sockets of bench:scale: one gateway that is guarded and one that is open, on ws or socket.io.
import 'reflect-metadata';
import { writeHeapSnapshot } from 'node:v8';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { WsAdapter } from '@nestjs/platform-ws';
import { WebSocketGateway } from '@nestjs/websockets';
import { AccessOnly, FastauthModule, TokenService } from '../dist/index.js';
import { answer } from './lib/answer.js';
import { portOf } from './lib/nest-app.js';

const { library, databaseUrl, appName, settings } = JSON.parse(process.argv[2]);

class LiveGateway {}
class OpenGateway {}
const [live, open] = ['/live', '/open'].map((path) =>
  WebSocketGateway(library === 'ws' ? { path } : { namespace: path, transports: ['websocket'] }),
);
live(LiveGateway);
AccessOnly()(LiveGateway);
open(OpenGateway);

class SocketsModule {}
Module({
  imports: [
    FastauthModule.forRoot({
      configFile: false,
      envFile: false,
      appName,
      databaseUrl,
      cryptographyKey: 'a secret of the benchmark, thirty-two bytes or more',
      auditLog: 'off',
      // Its log would tell of thousands of connections that are nothing but the benchmark's.
      failedAttemptsPerAddress: 0,
      failedAttemptsPerClient: 0,
      ...settings,
    }),
  ],
  providers: [LiveGateway, OpenGateway],
})(SocketsModule);

const app = await NestFactory.create(SocketsModule, new FastifyAdapter(), { logger: ['error'] });
app.useWebSocketAdapter(library === 'ws' ? new WsAdapter(app) : new IoAdapter(app));
await app.listen(0, '0.0.0.0');
const tokens = app.get(TokenService);
const server = app.getHttpServer();
const BATCH = 500;

/** One access token each for so many clients. */
async function issue({ count }) {
  const texts = [];
  while (texts.length < count) {
    const ofBatch = Array.from({ length: Math.min(BATCH, count - texts.length) }, (_, index) =>
      tokens.issue({ clientId: `client-${texts.length + index}` }),
    );
    for (const { accessToken } of await Promise.all(ofBatch)) texts.push(accessToken);
  }
  return texts;
}

answer({
  ready: () => ({ port: portOf(app) }),
  issue,
  /** Bytes after collections, and what is connected. */
  state: async () => {
    for (let round = 0; round < 4; round++) {
      globalThis.gc();
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const { heapUsed, external, rss } = process.memoryUsage();
    const connections = await new Promise((resolve) =>
      server.getConnections((_error, count) => resolve(count)),
    );
    return { used: heapUsed + external, heap: heapUsed, rss, connections };
  },
  cpu: () => {
    const { user, system } = process.cpuUsage();
    return user + system;
  },
  revoke: async ({ count }) => {
    for (let first = 0; first < count; first += BATCH) {
      const ofBatch = Array.from({ length: Math.min(BATCH, count - first) }, (_, index) =>
        tokens.revokeClient(`client-${first + index}`),
      );
      await Promise.all(ofBatch);
    }
    return performance.timeOrigin + performance.now();
  },
  snapshot: ({ file }) => writeHeapSnapshot(file),
});

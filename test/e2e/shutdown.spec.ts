import { once } from 'node:events';
import http2 from 'node:http2';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Controller, Get } from '@nestjs/common';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { WebSocketGateway } from '@nestjs/websockets';
import { afterEach, describe, expect, it } from '@jest/globals';
import { AccessOnly, Public } from '../../src/index.js';
import { ADAPTERS, startApp, type TestApp } from '../support/app.js';
import { SOCKET_IO, WS } from '../support/socket-platforms.js';
import { TestGateway } from '../support/test-gateway.js';
import { Stopwatch } from '../support/stopwatch.js';

const TIMEOUT = 2;

let answers: (() => void)[] = [];
/** The paths that {@link busyClient} asked for. */
const asked: string[] = [];
let app: TestApp | undefined;
const held: Socket[] = [];
afterEach(async () => {
  for (const socket of held.splice(0)) socket.destroy();
  for (const answer of answers.splice(0)) answer();
  await app?.close();
  app = undefined;
});

@Public()
@Controller()
class SlowController {
  @Get('slow')
  slow(): Promise<string> {
    return new Promise((resolve) => answers.push(() => resolve('done')));
  }

  @Get('quick')
  quick(): string {
    return 'done';
  }

  @Get('soon')
  soon(): Promise<string> {
    asked.push('soon');
    return sleep(100, 'done');
  }
}

/** Seconds that the application took to close. */
async function closing(): Promise<number> {
  const begun = new Stopwatch();
  await app?.close();
  app = undefined;
  return begun.ms / 1000;
}

async function hold(port: number, text: string): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  held.push(socket);
  await once(socket, 'connect');
  socket.write(text);
  // What came before is with the server by the time this has been answered.
  await fetch(`${app?.url}/quick`);
  return socket;
}

/** Sends the next request at once after each answer, until one says that the connection ends with it. */
async function busyClient(port: number): Promise<{ sent: number; answered: number }> {
  const socket = connect(port, '127.0.0.1');
  held.push(socket);
  let sent = 0;
  let answered = 0;
  const ask = (): void => {
    sent++;
    socket.write('GET /soon HTTP/1.1\r\nHost: x\r\n\r\n');
  };
  socket.on('connect', ask);
  socket.on('data', (bytes) => {
    answered++;
    if (!/^connection: close/im.test(String(bytes))) ask();
  });
  socket.on('error', () => undefined);
  await once(socket, 'close');
  return { sent, answered };
}

const portOf = (url: string): number => Number(new URL(url).port);
const HALF_BODY =
  'POST /auth/token/refresh HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{';

describe.each(ADAPTERS)('an application that closes, on %s', (adapter) => {
  const start = async (providers: object[] = [], platform = WS): Promise<TestApp> =>
    (app = await startApp({
      adapter,
      controllers: [SlowController],
      providers: providers as never,
      fastauth: { shutdownTimeout: TIMEOUT },
      configure: (nest) => nest.useWebSocketAdapter(platform.adapter(nest)),
    }));

  it.each([
    ['nothing', '', 1.5],
    ['half a header', 'GET /quick HTTP/1.1\r\nHo', 1.5],
    ['half a body', HALF_BODY, TIMEOUT],
    ['a request whose answer never comes', 'GET /slow HTTP/1.1\r\nHost: x\r\n\r\n', TIMEOUT],
  ])('waits no longer than it may for a client that sent %s', async (_what, text, limit) => {
    const { url } = await start();
    const socket = await hold(portOf(url), text);
    const closed = once(socket, 'close');
    expect(await closing()).toBeLessThan(limit + 0.4);
    await closed;
  });

  it('gives the answers under way', async () => {
    const { url } = await start();
    const answer = fetch(`${url}/slow`);
    await new Promise<void>((resolve) => {
      const look = (): unknown => (answers.length > 0 ? resolve() : setTimeout(look, 5));
      look();
    });
    const closed = closing();
    // Longer than a connection without a request is kept.
    await sleep(800);
    answers.shift()?.();
    expect(await (await answer).text()).toBe('done');
    await closed;
  });

  it('tells clients that their connection ends with the answer', async () => {
    const { url } = await start();
    const socket = await hold(portOf(url), 'GET /slow HTTP/1.1\r\nHost: x\r\n\r\n');
    let received = '';
    socket.on('data', (text) => (received += String(text)));
    const ended = once(socket, 'end');
    const closed = closing();
    await sleep(100);
    answers.shift()?.();
    await ended;
    expect(received).toMatch(/^HTTP\/1\.1 200 [^]*\r\nconnection: close\r\n[^]*done/i);
    await closed;
  });

  it('answers every request of clients that send one after the other, and does not go on for them', async () => {
    const { url } = await start();
    asked.length = 0;
    const clients = Array.from({ length: 8 }, () => busyClient(portOf(url)));
    // All have the second of theirs under way, so that no connection is without one just then.
    while (asked.length < 16) await sleep(1);
    expect(await closing()).toBeLessThan(1);
    for (const { sent, answered } of await Promise.all(clients)) {
      expect(answered).toBeGreaterThan(1);
      expect(sent).toBe(answered);
    }
  });

  it.each([WS, SOCKET_IO])('closes the port of a gateway of its own, too ($name)', async (platform) => {
    // Below those that the system gives to whoever asks for none.
    const port = 20_000 + (process.pid % 6000) + (adapter === 'express' ? 0 : 6000);
    @AccessOnly()
    @WebSocketGateway(port, { path: '/own' })
    class OwnPortGateway extends TestGateway {}
    await start([OwnPortGateway], platform);
    await hold(port, 'GET /own HTTP/1.1\r\nHo');
    expect(await closing()).toBeLessThan(2);
  });
});

describe('an application on HTTP/2 that closes', () => {
  it.each([{ http2: true }, { http2: true, sessions: 'busy' }])(
    'does not wait for what clients keep (%j)',
    async ({ sessions }) => {
      app = await startApp({
        adapter: 'fastify',
        controllers: [SlowController],
        fastauth: { shutdownTimeout: TIMEOUT },
        fastifyOptions: { http2: true } as ConstructorParameters<typeof FastifyAdapter>[0],
      });
      const client = http2.connect(app.url);
      client.on('error', () => undefined);
      const quick = client.request({ ':path': '/quick' });
      quick.resume();
      await once(quick, 'end');
      if (sessions) {
        client
          .request({ ':path': '/slow' })
          .on('error', () => undefined)
          .end();
        while (answers.length === 0) await sleep(5);
      }
      const closed = once(client, 'close');
      expect(await closing()).toBeLessThan(sessions ? TIMEOUT + 0.4 : 1);
      await closed;
      client.destroy();
    },
  );
});

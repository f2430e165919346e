import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, describe, expect, it } from '@jest/globals';
import { WsAdapter } from '@nestjs/platform-ws';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { WebSocketGateway } from '@nestjs/websockets';
import { io, type Socket } from 'socket.io-client';
import { WebSocket } from 'ws';
import { createFastauthClient, type FastauthClient } from '../../src/client/index.js';
import { AccessOnly, FastauthEvents, TokenService } from '../../src/index.js';
import { startApp, type TestApp } from '../support/app.js';
import { runIn } from '../support/documented-app.js';
import { TestGateway } from '../support/test-gateway.js';

@AccessOnly()
@WebSocketGateway({ path: '/feed' })
class WsGateway extends TestGateway {}
@AccessOnly()
@WebSocketGateway()
class IoGateway extends TestGateway {}

const LIFETIME = 900;

/** Waits for what is to happen within a few seconds. */
async function until(holds: () => boolean, what: string): Promise<void> {
  for (let waited = 0; !holds(); waited += 10) {
    if (waited > 8000) throw new Error(`${what} did not happen`);
    await new Promise((done) => setTimeout(done, 10));
  }
}

describe('sockets of the client', () => {
  let server: TestApp;
  let client: FastauthClient;
  let detach: (() => void) | undefined;
  let sockets: WebSocket[];
  let frames: { event: string; data: { status?: string; client?: string } | null }[];
  let ioSocket: Socket | undefined;
  let ended: number;

  async function start(library: 'ws' | 'socket.io'): Promise<void> {
    server = await startApp({
      adapter: library === 'ws' ? 'fastify' : 'express',
      providers: [library === 'ws' ? WsGateway : IoGateway],
      fastauth: { accessTokenExpiresIn: LIFETIME, publicTokenIssuance: false },
      configure: (nest) =>
        nest.useWebSocketAdapter(library === 'ws' ? new WsAdapter(nest) : new IoAdapter(nest)),
    });
    client = createFastauthClient({ baseUrl: server.url });
    ended = 0;
    client.onEnded(() => ended++);
    sockets = [];
    frames = [];
  }
  afterEach(async () => {
    detach?.();
    client.close();
    for (const socket of sockets) socket.terminate();
    ioSocket?.disconnect();
    await server.close();
  });

  const open = (protocols: string[]): WebSocket => {
    const socket = new WebSocket(`${server.url.replace('http', 'ws')}/feed`, protocols);
    socket.on('message', (data) => frames.push(JSON.parse(String(data))));
    socket.on('error', () => undefined);
    sockets.push(socket);
    return socket;
  };
  const whoami = (socket: Socket): Promise<unknown> => {
    const answer = new Promise((done) => socket.once('whoami', done));
    socket.emit('whoami');
    return answer;
  };
  const heard = (event: string) => () => frames.some((frame) => frame.event === event);
  /** Another process of the device refreshes, and hands the pair over. */
  const refreshElsewhere = async (refreshToken: string) => {
    const { accessToken, refreshToken: next } = await server.app.get(TokenService).refresh(refreshToken);
    await client.login({ access_token: accessToken, refresh_token: next });
  };

  it('ws: present what was refreshed, in band, and go on', async () => {
    await start('ws');
    const pair = await server.issue('ada');
    await client.login(pair);
    detach = client.attach(open);
    await until(heard('hello'), 'the greeting');
    await refreshElsewhere(pair.refresh_token);
    await until(heard('fastauth.authenticate'), 'the answer');
    expect(frames.find(({ event }) => event === 'fastauth.authenticate')?.data?.status).toBe('success');
    sockets[0]?.send('{"event":"whoami"}');
    await until(heard('whoami'), 'the answer');
    expect(sockets).toHaveLength(1);
  });

  it.each(['ws', 'socket.io'] as const)(
    '%s: refresh once for each renewal, whatever crosses it',
    async (library) => {
      await start(library);
      const refreshed: string[] = [];
      server.app
        .get(FastauthEvents)
        .subscribe(({ type }) => void (type === 'token.refreshed' && refreshed.push(type)));
      await client.login(await server.issue('ada'));
      let answers = 0;
      if (library === 'ws') {
        detach = client.attach(open);
        await until(heard('hello'), 'the greeting');
      } else {
        ioSocket = io(server.url, { transports: ['websocket'], autoConnect: false });
        ioSocket.on('fastauth.authenticate', () => answers++);
        detach = client.attach(ioSocket);
        ioSocket.connect();
        await whoami(ioSocket);
      }
      const answered = () =>
        answers || frames.filter(({ event }) => event === 'fastauth.authenticate').length;
      for (let renewal = 1; renewal <= 10; renewal++) {
        await client.token(await client.token());
        await until(() => answered() >= renewal, 'the answer');
        // What crossed it has been heard by now.
        await new Promise((done) => setTimeout(done, 50));
        expect(refreshed).toHaveLength(renewal);
      }
    },
  );

  it('ws: one that the application opened presents fresh tokens too', async () => {
    await start('ws');
    const pair = await server.issue('ada');
    await client.login(pair);
    const socket = open(['bearer', pair.access_token]);
    detach = client.attach(socket);
    await until(heard('hello'), 'the greeting');
    await refreshElsewhere(pair.refresh_token);
    await until(heard('fastauth.authenticate'), 'the answer');
    expect(socket.readyState).toBe(WebSocket.OPEN);
  });

  it('ws: come back with a fresh token where the old one is refused, and when the server closes', async () => {
    await start('ws');
    const pair = await server.issue('ada');
    await client.login(pair);
    // By the server's clock it has expired, by the client's it has not.
    server.clock.advance(LIFETIME + 60);
    detach = client.attach(open);
    await until(heard('hello'), 'the greeting');
    expect(sockets).toHaveLength(2);
    frames.length = 0;
    sockets[1]?.terminate();
    await until(heard('hello'), 'another greeting');
    expect(ended).toBe(0);
  });

  it('ws: end with the session, and begin with the next one', async () => {
    await start('ws');
    await client.login(await server.issue('ada'));
    detach = client.attach(open);
    await until(heard('hello'), 'the greeting');
    await server.app.get(TokenService).revokeClient('ada');
    await until(() => ended === 1, 'the end');
    frames.length = 0;
    expect(sockets).toHaveLength(1);
    await client.login(await server.issue('ada'));
    await until(heard('hello'), 'another greeting');
  });

  it('ws: a detached one is closed and stays so', async () => {
    await start('ws');
    await client.login(await server.issue('ada'));
    detach = client.attach(open);
    await until(heard('hello'), 'the greeting');
    detach();
    await until(() => sockets[0]?.readyState === WebSocket.CLOSED, 'the close');
    await new Promise((done) => setTimeout(done, 400));
    expect(sockets).toHaveLength(1);
  });

  it('socket.io: read the token at each attempt, and present what was refreshed', async () => {
    await start('socket.io');
    const pair = await server.issue('ada');
    await client.login(pair);
    ioSocket = io(server.url, { autoConnect: false, transports: ['websocket'] });
    detach = client.attach(ioSocket);
    ioSocket.connect();
    expect(await whoami(ioSocket)).toMatchObject({ client: 'ada' });
    const answer = new Promise((done) => ioSocket?.once('fastauth.authenticate', done));
    await refreshElsewhere(pair.refresh_token);
    expect(await answer).toMatchObject({ status: 'success' });
    const { id } = ioSocket;
    ioSocket.io.engine.close();
    await until(() => ioSocket?.connected === true && ioSocket.id !== id, 'another connection');
    expect(await whoami(ioSocket)).toMatchObject({ client: 'ada' });
  });

  it('socket.io: come back after a refusal, and after the token expired', async () => {
    await start('socket.io');
    const pair = await server.issue('ada');
    await client.login(pair);
    server.clock.advance(LIFETIME + 60);
    ioSocket = io(server.url, { transports: ['websocket'] });
    detach = client.attach(ioSocket);
    await until(() => ioSocket?.connected === true, 'the connection');
    const { id } = ioSocket;
    server.clock.advance(LIFETIME + 60);
    await until(() => ioSocket?.connected === true && ioSocket.id !== id, 'another connection');
    expect(ended).toBe(0);
  });

  it('socket.io: end with the session, and begin with the next one', async () => {
    await start('socket.io');
    await client.login(await server.issue('ada'));
    ioSocket = io(server.url, { transports: ['websocket'] });
    detach = client.attach(ioSocket);
    await until(() => ioSocket?.connected === true, 'the connection');
    await server.app.get(TokenService).revokeClient('ada');
    await until(() => ended === 1, 'the end');
    expect(ioSocket.connected).toBe(false);
    await client.login(await server.issue('ada'));
    await until(() => ioSocket?.connected === true, 'another connection');
  });
});

describe('a function that opens sockets', () => {
  it('and cannot, as where there is no WebSocket (Node.js 20), fails where it is seen', async () => {
    const script = `
      delete globalThis.WebSocket;
      const { createFastauthClient } = await import(${JSON.stringify(pathToFileURL(resolve('build/client/index.js')))});
      const client = createFastauthClient({ baseUrl: 'http://127.0.0.1:9' });
      await client.login({ access_token: 'a', refresh_token: 'r' });
      client.attach((protocols) => new WebSocket('ws://127.0.0.1:9', protocols));`;
    const run = await runIn('.', process.execPath, ['--input-type=module', '-e', script]);
    expect(run.stderr).toContain('ReferenceError: WebSocket is not defined');
    expect(run.code).toBe(1);
  });
});

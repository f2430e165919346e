import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect } from '@jest/globals';
import { Controller, Get, Header, Post, Res, Sse } from '@nestjs/common';
import { WsAdapter } from '@nestjs/platform-ws';
import { WebSocketGateway } from '@nestjs/websockets';
import { interval, map } from 'rxjs';
import { AccessOnly, FastauthEvents, Public } from '../../src/index.js';
import { startApp, type TestApp } from '../support/app.js';
import { CHROMIUM, Tabs } from '../support/client-page.js';
import { CookieSessionController } from '../support/cookie-session.controller.js';
import { itIf } from '../support/services.js';

const LIFETIME = 900;

@Controller()
class BrowserController extends CookieSessionController {
  changes = 0;

  @Public()
  @Get()
  @Header('content-type', 'text/html')
  page() {
    return '<!doctype html><body><script>globalThis.ready = true</script>';
  }

  @Public()
  @Post('login')
  async logIn(@Res({ passthrough: true }) response: object) {
    this.cookies.set(response, await this.tokens.issue({ clientId: 'ada' }));
    return {};
  }

  @AccessOnly()
  @Post('change')
  change() {
    return { changes: ++this.changes };
  }

  @AccessOnly()
  @Sse('events')
  events() {
    return interval(20).pipe(map((data) => ({ data })));
  }
}

@AccessOnly()
@WebSocketGateway({ path: '/live' })
class LiveGateway {
  handleConnection(client: { send(text: string): void }): void {
    client.send('in');
  }
}

/** What a page of another origin of the same site tries, so that `SameSite` does not keep the cookie from it. */
const attack = (url: string) => `<!doctype html><script type="module">
const send = (path) => fetch('${url}' + path, { method: 'POST', mode: 'no-cors', credentials: 'include' });
await send('/change');
await send('/auth/token/refresh');
const socket = new WebSocket('${url.replace('http', 'ws')}/live');
socket.onmessage = ({ data }) => parent.postMessage(data, '*');
</script>`;

const socketFrame = `new Promise((resolve) => {
  const socket = new WebSocket(location.origin.replace('http', 'ws') + '/live');
  socket.onmessage = ({ data }) => (socket.close(), resolve(data));
})`;
const post = (path: string) => `fetch('${path}', { method: 'POST' }).then(({ status }) => status)`;
const me = (headers = '{}') =>
  `fetch('/me', { headers: ${headers} }).then(async (answer) => [answer.status, await answer.json()])`;

const itInBrowser = itIf(CHROMIUM !== undefined, 'no Chromium');

describe('cookies in a browser', () => {
  let server: TestApp;
  let foreign: Server;
  let tabs: Tabs;
  const denied: string[] = [];

  beforeEach(async () => {
    if (CHROMIUM === undefined) return;
    denied.length = 0;
    server = await startApp({
      adapter: 'fastify',
      controllers: [BrowserController],
      providers: [LiveGateway],
      fastauth: {
        accessTokenCookie: '__Host-access',
        refreshTokenCookie: '__Secure-refresh',
        accessTokenExpiresIn: LIFETIME,
      },
      configure: (app) => app.useWebSocketAdapter(new WsAdapter(app)),
    });
    server.app.get(FastauthEvents).subscribe((event) => {
      if (event.type === 'access.denied') denied.push(event.code);
    });
    foreign = createServer((_, response) => {
      response.setHeader('content-type', 'text/html').end(attack(server.url));
    });
    await new Promise<void>((resolve) => {
      foreign.listen(0, '127.0.0.1', resolve);
    });
    tabs = await Tabs.open(server.url, 2);
    expect(await tabs.first(post('/login'))).toBe(201);
  }, 60_000);
  afterEach(async () => {
    await tabs?.close();
    foreign?.close();
    await server?.close();
  });

  itInBrowser(
    'log in, are read by no script, let in, refresh in two tabs at once, and log out',
    async () => {
      expect(await tabs.all('document.cookie')).toEqual(['', '']);
      expect(await tabs.all(me())).toEqual([
        [200, { clientId: 'ada' }],
        [200, { clientId: 'ada' }],
      ]);
      expect(await tabs.first(post('/change'))).toBe(201);
      expect(await tabs.first(socketFrame)).toBe('in');
      server.clock.advance(LIFETIME + 60);
      expect(await tabs.first(me())).toEqual([401, expect.objectContaining({ code: 'token_expired' })]);
      // The expired cookie is still there.
      const { access_token: bob } = await server.issue('bob');
      const other = await tabs.first(me(`{ 'ACCESS-TOKEN': ${JSON.stringify(bob)} }`));
      expect(other).toEqual([200, { clientId: 'bob' }]);
      expect(await tabs.all(post('/auth/token/refresh'))).toEqual([200, 200]);
      expect(await tabs.all(me())).toEqual([
        [200, { clientId: 'ada' }],
        [200, { clientId: 'ada' }],
      ]);
      expect(await tabs.first(post('/logout'))).toBe(201);
      expect(await tabs.all(me())).toEqual([
        [401, expect.objectContaining({ code: 'missing_token' })],
        [401, expect.objectContaining({ code: 'missing_token' })],
      ]);
      expect(await tabs.first(post('/auth/token/refresh'))).toBe(422);
    },
    60_000,
  );

  itInBrowser(
    'do nothing for a page of another origin, though the browser sends them',
    async () => {
      const { port } = foreign.address() as AddressInfo;
      const frame = await tabs.first(`new Promise((resolve) => {
        addEventListener('message', ({ data }) => resolve(data));
        const frame = document.createElement('iframe');
        frame.src = 'http://127.0.0.1:${port}/';
        document.body.append(frame);
      })`);
      expect(frame).toContain('Origin not allowed');
      expect(denied).toEqual(['origin_not_allowed', 'origin_not_allowed', 'origin_not_allowed']);
      expect(server.app.get(BrowserController).changes).toBe(0);
      expect(await tabs.first(me())).toEqual([200, { clientId: 'ada' }]);
    },
    60_000,
  );

  itInBrowser(
    'carry event streams, which end with the session',
    async () => {
      const listening = tabs.first(`new Promise((resolve) => {
        const source = new EventSource('/events');
        let heard = 0;
        source.onmessage = () => heard++ || fetch('/logout', { method: 'POST' });
        // The browser connects again by itself, and is told 401.
        source.onerror = () => source.readyState === EventSource.CLOSED && resolve(heard > 0);
      })`);
      expect(await listening).toBe(true);
      expect(denied).toEqual(['missing_token']);
    },
    60_000,
  );
});

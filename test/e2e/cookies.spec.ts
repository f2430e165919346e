import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Body, Controller, Delete, Get, Post, Res } from '@nestjs/common';
import { SwaggerModule, DocumentBuilder } from '@nestjs/swagger';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { WsAdapter } from '@nestjs/platform-ws';
import { WebSocketGateway } from '@nestjs/websockets';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { io } from 'socket.io-client';
import { WebSocket } from 'ws';
import {
  AccessOnly,
  CurrentPrincipal,
  MasterOnly,
  OptionalAccess,
  type Principal,
  Public,
  TokenCookies,
  TokenService,
  withFastauth,
} from '../../src/index.js';
import { ADAPTERS, MASTER_TOKEN, startApp, type TestApp } from '../support/app.js';
import { CookieSessionController } from '../support/cookie-session.controller.js';

const ACCESS = '__Host-access';
const REFRESH = '__Secure-refresh';
const LISTED = 'https://app.example.com';
const REFRESH_PATH = '/auth/token/refresh';

@Controller()
class PageController extends CookieSessionController {
  @Public()
  @Post('login')
  async login(@Body('user') user: string, @Res({ passthrough: true }) response: object) {
    this.cookies.clear(response);
    this.cookies.set(response, await this.tokens.issue({ clientId: user }));
    return { user };
  }

  @AccessOnly()
  @Delete('me')
  remove() {
    return { removed: true };
  }

  @OptionalAccess()
  @Get('news')
  news(@CurrentPrincipal() principal: Principal | undefined) {
    return { clientId: principal?.clientId };
  }

  @MasterOnly()
  @Get('admin')
  admin() {
    return {};
  }
}

@AccessOnly()
@WebSocketGateway({ path: '/live' })
class LiveGateway {
  handleConnection(client: { send?(text: string): void }): void {
    client.send?.('in');
  }
}

const FASTAUTH = {
  accessTokenCookie: ACCESS,
  refreshTokenCookie: REFRESH,
  cookieOrigins: [LISTED],
  accessTokenPaths: ['/files', '/raw'],
  accessTokenExpiresIn: 60,
  refreshTokenExpiresIn: 600,
};

/** The cookies that an answer sets: name → value, and all of it as text. */
function cookiesOf({ headers }: { headers: Headers }) {
  const lines = headers.getSetCookie();
  const pairs = lines.map((line) => /^([^=]+)=([^;]*)/.exec(line)!.slice(1) as [string, string]);
  return { lines, of: Object.fromEntries(pairs) as Record<string, string> };
}

describe.each(ADAPTERS)('cookies on %s', (adapter) => {
  let app: TestApp;
  let own: Record<string, string>;

  beforeAll(async () => {
    app = await startApp({
      adapter,
      controllers: [PageController],
      providers: [LiveGateway],
      fastauth: FASTAUTH,
      configure: (nest) => {
        nest.useWebSocketAdapter(new WsAdapter(nest));
        nest.getHttpAdapter().get('/raw/report', (_: IncomingMessage, response: ServerResponse) => {
          if ('send' in response) (response as unknown as { send(text: string): void }).send('report');
        });
      },
    });
    own = { Origin: app.url };
  });
  afterAll(() => app.close());

  async function login(user = 'ada') {
    const answer = await app.post('/login', { user });
    expect(answer.status).toBe(201);
    return { answer, ...cookiesOf(answer) };
  }
  const withCookie = (of: Record<string, string>) => ({ Cookie: `theme=dark; ${ACCESS}=${of[ACCESS]}` });
  const refreshBy = (of: Record<string, string>, headers: Record<string, string> = own) =>
    app.post(REFRESH_PATH, undefined, { Cookie: `${REFRESH}=${of[REFRESH]}`, ...headers });

  it('are set as browsers keep them safest, once each, and leave the body without tokens', async () => {
    const { answer, lines, of } = await login();
    expect(lines).toEqual([
      `${ACCESS}=${of[ACCESS]}; Path=/; Max-Age=60; HttpOnly; Secure; SameSite=Lax`,
      `${REFRESH}=${of[REFRESH]}; Path=${REFRESH_PATH}; Max-Age=600; HttpOnly; Secure; SameSite=Strict`,
    ]);
    expect(answer.text).toBe('{"user":"ada"}');
    expect(answer.headers.get('cache-control')).toBe('no-store');
  });

  it.each(['/me', '/files/none', '/raw/report'])('open %s, and say so to caches', async (path) => {
    const { of } = await login();
    const answer = await app.get(path, withCookie(of));
    expect(answer.status).toBe(path === '/files/none' ? 404 : 200);
    if (path === '/me') expect(answer.headers.get('vary')).toContain('Cookie');
    expect((await app.get(path)).status).toBe(401);
    expect((await app.get(path, { Cookie: `x${ACCESS}=${of[ACCESS]}` })).status).toBe(401);
  });

  it.each([
    ['same Origin', () => own, 200],
    ['same Origin of another port', () => ({ Origin: 'http://127.0.0.1:1' }), 403],
    ['Sec-Fetch-Site', () => ({ 'Sec-Fetch-Site': 'same-origin', Origin: 'null' }), 200],
    ['a page of the same site', () => ({ 'Sec-Fetch-Site': 'same-site', ...own }), 403],
    ['a foreign page', () => ({ 'Sec-Fetch-Site': 'cross-site', Origin: 'https://evil.example' }), 403],
    ['a foreign origin', () => ({ Origin: 'https://evil.example' }), 403],
    ['no origin to speak of', () => ({ Origin: 'null' }), 403],
    ['neither', () => ({}), 403],
    ['a listed origin', () => ({ 'Sec-Fetch-Site': 'cross-site', Origin: LISTED }), 200],
  ] as const)('with an unsafe method: %s', async (_what, headers, status) => {
    const { of } = await login();
    const cookie = withCookie(of);
    const answer = await app.request('DELETE', '/me', { headers: { ...cookie, ...headers() } });
    expect(answer.status).toBe(status);
    if (status === 403) expect(answer.body).toMatchObject({ code: 'origin_not_allowed' });
    // Nothing but unsafe methods is asked where it comes from.
    expect((await app.get('/me', { ...cookie, ...headers() })).status).toBe(200);
    // And nothing but cookies.
    const bearer = { Authorization: `Bearer ${of[ACCESS]}`, ...headers() };
    expect((await app.request('DELETE', '/me', { headers: bearer })).status).toBe(200);
    const raw = await app.request('PUT', '/files/x', { headers: { ...cookie, ...headers() } });
    expect(raw.status).toBe(status === 200 ? 404 : 403);
  });

  it('are not read beside a credential header, good or bad', async () => {
    const { of } = await login();
    const other = await app.issue('bob');
    const lingering = { Cookie: `${ACCESS}=expired.and.lingering; ${ACCESS}=twice` };
    const bob = { clientId: 'bob' };
    for (const headers of [
      { 'ACCESS-TOKEN': other.access_token },
      { Authorization: `Bearer ${other.access_token}` },
    ]) {
      expect((await app.get('/me', { ...lingering, ...headers })).body).toEqual(bob);
      expect((await app.request('DELETE', '/me', { headers: { ...lingering, ...headers } })).status).toBe(
        200,
      );
    }
    for (const headers of [
      { 'ACCESS-TOKEN': 'bad' },
      { Authorization: String(of[ACCESS]) },
      { 'MASTER-TOKEN': 'x' },
    ]) {
      expect((await app.get('/me', { ...withCookie(of), ...headers } as Record<string, string>)).status).toBe(
        401,
      );
    }
    expect((await app.get('/me', { ...withCookie(of), Authorization: 'Basic YTpi' })).status).toBe(200);
    expect((await app.get('/admin', { ...lingering, 'MASTER-TOKEN': MASTER_TOKEN })).status).toBe(200);
  });

  it('twice are refused, and a master token is none', async () => {
    const { of } = await login();
    const twice = `${ACCESS}=${of[ACCESS]}; a=b;${ACCESS}=${of[ACCESS]}`;
    expect((await app.get('/me', { Cookie: twice })).body).toMatchObject({ code: 'invalid_request' });
    expect((await app.get('/admin', { Cookie: `${ACCESS}=${MASTER_TOKEN}` })).status).toBe(401);
    expect((await app.get('/me', { Cookie: `${ACCESS}=` })).body).toMatchObject({ code: 'missing_token' });
  });

  it('are verified where a token is optional', async () => {
    const { of } = await login();
    expect((await app.get('/news', withCookie(of))).body).toEqual({ clientId: 'ada' });
    expect((await app.get('/news', { Cookie: `${ACCESS}=bad` })).status).toBe(401);
    expect((await app.get('/news')).body).toEqual({});
  });

  it('are refreshed by cookie, and the answer has no token in its body', async () => {
    const { of } = await login('eve');
    const answer = await refreshBy(of);
    expect(answer.body).toEqual({
      status: 'success',
      message: 'Token generated',
      code: 200,
      data: { client_id: 'eve' },
    });
    const renewed = cookiesOf(answer);
    expect(renewed.lines).toHaveLength(2);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect((await app.get('/me', withCookie(of))).status).toBe(401);
    expect((await app.get('/me', withCookie(renewed.of))).body).toEqual({ clientId: 'eve' });
  });

  it('are refreshed for nobody else: of a foreign page, by GET, twice, and not in place of a parameter', async () => {
    const { of } = await login();
    const cookie = { Cookie: `${REFRESH}=${of[REFRESH]}` };
    for (const headers of [{}, { Origin: 'https://evil.example' }, { 'Sec-Fetch-Site': 'same-site' }]) {
      const answer = await refreshBy(of, headers as Record<string, string>);
      expect(answer).toMatchObject({ status: 403, body: { code: 'origin_not_allowed' } });
      expect(answer.headers.get('x-request-id')).not.toBeNull();
    }
    expect((await app.get(REFRESH_PATH, { ...cookie, ...own })).status).toBe(422);
    const twice = { Cookie: `${cookie.Cookie}; ${cookie.Cookie}`, ...own };
    expect((await app.post(REFRESH_PATH, undefined, twice)).status).toBe(400);
    const pair = await app.issue('bob');
    const byBody = await app.post(REFRESH_PATH, { refresh_token: pair.refresh_token }, { ...cookie, ...own });
    expect(byBody.body.data).toMatchObject({ client_id: 'bob', access_token: expect.any(String) });
    expect(byBody.headers.getSetCookie()).toEqual([]);
    expect((await refreshBy(of, { Origin: LISTED })).status).toBe(200);
  });

  it('are forgotten at logout, and when the refresh token is no good any more', async () => {
    const { of } = await login();
    const logout = await app.post('/logout', undefined, { ...withCookie(of), ...own });
    const gone = [
      `${ACCESS}=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Lax`,
      `${REFRESH}=; Path=${REFRESH_PATH}; Max-Age=0; HttpOnly; Secure; SameSite=Strict`,
    ];
    expect(cookiesOf(logout).lines).toEqual(gone);
    expect((await app.get('/me', withCookie(of))).status).toBe(401);
    const refused = await refreshBy(of);
    expect(refused).toMatchObject({ status: 401, body: { message: 'Invalid refresh token' } });
    expect(cookiesOf(refused).lines).toEqual(gone);
  });

  it.each([
    ['the same origin', () => own, 'in'],
    ['a listed origin', () => ({ Origin: LISTED }), 'in'],
    ['Sec-Fetch-Site', () => ({ 'Sec-Fetch-Site': 'same-origin' }), 'in'],
    ['a foreign origin', () => ({ Origin: 'https://evil.example' }), 'Disconnected: Origin not allowed'],
    ['nowhere', () => ({}), 'Disconnected: Origin not allowed'],
  ] as const)('open sockets from %s', async (_what, headers, expected) => {
    const { of } = await login();
    const socket = new WebSocket(`${app.url.replace('http', 'ws')}/live`, {
      headers: { ...withCookie(of), ...headers() },
    });
    const [frame] = await new Promise<[Buffer]>((resolve, reject) => {
      socket.on('message', (data: Buffer) => resolve([data]));
      socket.on('error', reject);
    });
    expect(frame.toString()).toContain(expected);
    socket.close();
  });

  it('are in OpenAPI, in place of headers but never of the master token', () => {
    const document = withFastauth(
      app.app,
      SwaggerModule.createDocument(app.app, new DocumentBuilder().build()),
    ) as unknown as {
      components: { securitySchemes: object };
      paths: Record<string, Record<string, { security: object[] }>>;
    };
    expect(document.components.securitySchemes).toMatchObject({
      AccessTokenCookie: { type: 'apiKey', in: 'cookie', name: ACCESS },
    });
    expect(document.paths['/me']?.['get']?.security).toContainEqual({ AccessTokenCookie: [] });
    expect(JSON.stringify(document.paths['/admin']?.['get']?.security)).not.toContain('Cookie');
  });
});

it('socket.io handshakes by cookie ask the same', async () => {
  const app = await startApp({
    adapter: 'express',
    controllers: [PageController],
    providers: [LiveGateway],
    fastauth: FASTAUTH,
    configure: (nest) => nest.useWebSocketAdapter(new IoAdapter(nest)),
  });
  const { of } = cookiesOf(await app.post('/login', { user: 'ada' }));
  const connect = (headers: Record<string, string>) =>
    new Promise<string>((resolve) => {
      const client = io(app.url, {
        path: '/live',
        forceNew: true,
        reconnection: false,
        extraHeaders: { Cookie: `${ACCESS}=${of[ACCESS]}`, ...headers },
      });
      const end = (what: string): void => {
        client.close();
        resolve(what);
      };
      client.on('connect', () => end('connected'));
      client.on('connect_error', (error) => end(error.message));
    });
  expect(await connect({ Origin: app.url })).toBe('connected');
  expect(await connect({ 'Sec-Fetch-Site': 'same-origin' })).toBe('connected');
  expect(await connect({ Origin: 'https://evil.example' })).toBe('Disconnected: Origin not allowed');
  expect(await connect({})).toBe('Disconnected: Origin not allowed');
  await app.close();
});

it.each([
  [{ accessTokenCookie: 'access' }, '__Host-'],
  [{ accessTokenCookie: '__Host-' }, '__Host-'],
  [{ accessTokenCookie: '__Host-a;b' }, 'RFC 6265'],
  [{ accessTokenCookie: ACCESS, refreshTokenCookie: '__Host-refresh' }, '__Secure-'],
  [{ refreshTokenCookie: REFRESH }, 'needs accessTokenCookie'],
  [{ accessTokenCookie: ACCESS, cookieOrigins: ['https://a.example/path'] }, 'more than an origin'],
])('%j refuses to start', async (fastauth, fault) => {
  await expect(startApp({ adapter: 'express', fastauth })).rejects.toThrow(fault);
});

it('TokenCookies say what is missing, and what no browser would keep', async () => {
  const app = await startApp({ adapter: 'express' });
  const cookies = app.app.get(TokenCookies);
  expect(() => cookies.clear({})).toThrow('access-token-cookie is not set');
  await app.close();
  const other = await startApp({ adapter: 'express', fastauth: { accessTokenCookie: ACCESS } });
  const tokens = await other.app.get(TokenService).issue({ claims: { big: 'x'.repeat(4000) } });
  expect(() => other.app.get(TokenCookies).set({}, tokens)).toThrow('4096 bytes');
  await other.close();
});

describe('cookies on express, where something after the edge changes the method', () => {
  it.each([
    ['a path rule', '/me', 'public'],
    ['default-access', '/files', 'access'],
  ] as const)('ask for the origin again under %s', async (_what, path, defaultAccess) => {
    const app = await startApp({
      adapter: 'express',
      controllers: [PageController],
      fastauth: { ...FASTAUTH, accessTokenPaths: [path], defaultAccess },
      configure: (nest) =>
        nest.use((request: IncomingMessage, _: ServerResponse, next: () => void) => {
          if (request.url?.endsWith('?_method=DELETE')) request.method = 'DELETE';
          next();
        }),
    });
    const { of } = cookiesOf(await app.post('/login', { user: 'ada' }));
    const cookie = { Cookie: `${ACCESS}=${of[ACCESS]}` };
    const foreign = { ...cookie, 'Sec-Fetch-Site': 'cross-site' };
    const refused = await app.get('/me?_method=DELETE', foreign);
    expect([refused.status, refused.body.code]).toEqual([403, 'origin_not_allowed']);
    expect((await app.get('/me', foreign)).body).toEqual({ clientId: 'ada' });
    const own = await app.get('/me?_method=DELETE', { ...cookie, 'Sec-Fetch-Site': 'same-origin' });
    expect(own.body).toEqual({ removed: true });
    await app.close();
  });
});

import { createHash } from 'node:crypto';
import { Controller, Get } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CONSOLE } from '../../src/console/console.js';
import { ConsoleController } from '../../src/console/console.controller.js';
import { type FastauthEvent, FastauthEvents, MasterOnly, TokenService, accessMap } from '../../src/index.js';
import { ADAPTERS, MASTER_TOKEN, startApp, type TestApp } from '../support/app.js';
import { cookieOf, OWN_PAGE, signedIn, signIn } from '../support/console.js';
import { rawRequest } from '../support/raw-request.js';

const HOSTILE = '<img src=x onerror=alert(1)>';

@Controller('admin')
class AdminController {
  @MasterOnly()
  @Get()
  admin() {
    return 'admin';
  }
}

/** What nobody may see or do who has not signed in, by method and path. */
const CLOSED = [
  'GET state',
  'GET sessions',
  'GET clients',
  'GET keys',
  'GET events',
  'GET routes',
  'POST sign-out',
  'POST sessions/end',
  'POST sessions/end-all',
  'POST keys/rotate',
];

describe.each(ADAPTERS)('the console on %s', (adapter) => {
  let app: TestApp;
  let headers: Record<string, string>;
  const start = (fastauth: object = {}): Promise<TestApp> =>
    startApp({
      adapter,
      controllers: [AdminController],
      fastauth: { console: true, defaultAccess: 'access', sessionsPerClient: 'unlimited', ...fastauth },
    });
  const call = (line: string, sent: Record<string, string>, at = app) => {
    const [method = '', path = ''] = line.split(' ');
    const url = `/auth/console/${path}`;
    return method === 'POST' ? at.post(url, {}, sent) : at.get(url, sent);
  };

  beforeAll(async () => {
    app = await start();
    headers = await signedIn(app);
  });
  afterAll(() => app.close());

  it('is closed as a whole but for the page, its files and signing in', async () => {
    const open = new Set(['GET /auth/console', 'POST /auth/console/sign-in']);
    const { entries } = accessMap(app.app);
    const routes = entries.filter(({ handler }) => handler?.startsWith(`${ConsoleController.name}.`));
    const closed = routes
      .map(({ name }) => name)
      .filter((name) => !open.has(name) && !/\/console\/\w+\.(?:js|css|svg)$/.test(name));
    expect(closed.map((name) => name.replace('/auth/console/', '')).sort()).toEqual([...CLOSED].sort());
    for (const line of CLOSED) {
      for (const cookie of ['', '__Host-fastauth-console=x', `__Host-fastauth-console=${MASTER_TOKEN}`]) {
        expect([line, (await call(line, { ...OWN_PAGE, cookie })).status]).toEqual([line, 401]);
      }
      const withToken = { ...OWN_PAGE, 'MASTER-TOKEN': MASTER_TOKEN };
      expect([line, (await call(line, withToken)).status]).toEqual([line, 401]);
    }
  });

  it('is not there unless it is turned on', async () => {
    const off = await start({ console: undefined });
    try {
      expect(off.app.get<unknown>(CONSOLE, { strict: false })).toBeUndefined();
      for (const line of ['GET ', 'GET app.js', 'POST sign-in', ...CLOSED]) {
        const sent = { ...OWN_PAGE, 'MASTER-TOKEN': MASTER_TOKEN };
        const answer = await call(line, { ...sent, 'ACCESS-TOKEN': (await off.issue()).access_token }, off);
        expect([line, answer.status]).toEqual([line, 404]);
      }
    } finally {
      await off.close();
    }
  });

  it('sends its page and files with a policy that lets nothing else in', async () => {
    for (const [path, type] of [
      ['', 'text/html'],
      ['/app.js', 'text/javascript'],
      ['/style.css', 'text/css'],
      ['/icon.svg', 'image/svg+xml'],
    ]) {
      const answer = await app.get(`/auth/console${path}`);
      expect(answer.status).toBe(200);
      expect(answer.headers.get('content-type')).toContain(type);
      expect(answer.headers.get('content-security-policy')).toMatch(
        /^default-src 'self';.*frame-ancestors 'none'/,
      );
      expect(answer.headers.get('content-security-policy')).not.toContain('unsafe');
      expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
      expect(answer.headers.get('x-frame-options')).toBe('DENY');
      expect(answer.headers.get('referrer-policy')).toBe('no-referrer');
      expect(answer.headers.get('cache-control')).toBe('no-store');
    }
    expect((await app.get('/auth/console')).text).toContain('src="console/app.js"');
    // Express takes a slash at the end, and the files are then beside the page.
    const slashed = await app.get('/auth/console/');
    if (adapter === 'express') expect(slashed.text).toContain('src="app.js"');
    else expect(slashed.status).toBe(401);
    expect((await app.get('/auth/console/index.html')).status).toBe(401);
    expect((await app.get('/auth/console/../../package.json')).status).not.toBe(200);
  });

  it('exchanges a master token for a cookie that opens nothing else', async () => {
    const answer = await signIn(app);
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      app: 'fastauth',
      master_token: 'master-token',
      expires_at: app.clock.seconds + 900,
    });
    const [cookie = ''] = answer.headers.getSetCookie();
    expect(cookie).toMatch(
      /^__Host-fastauth-console=[\w.-]+; Max-Age=900; Path=\/; HttpOnly; Secure; SameSite=Strict$/,
    );
    expect(answer.headers.get('cache-control')).toBe('no-store');
    const value = cookieOf(answer).split('=')[1] ?? '';
    expect(decodeURIComponent(value)).not.toContain(MASTER_TOKEN);
    expect(Buffer.from(value, 'base64url').toString()).not.toContain(MASTER_TOKEN);
    for (const sent of [
      { 'MASTER-TOKEN': value },
      { 'ACCESS-TOKEN': value },
      { authorization: `Bearer ${value}` },
      { cookie: cookieOf(answer) },
    ]) {
      expect((await app.get('/admin', sent as Record<string, string>)).status).toBe(401);
    }
    // Each time another one: none can be planted before.
    expect(cookieOf(await signIn(app))).not.toBe(cookieOf(answer));
  });

  it('counts wrong master tokens, and does not look at any after too many', async () => {
    const limited = await start({ failedAttemptsPerAddress: 2, trustedProxies: ['127.0.0.1'] });
    const heard: string[] = [];
    limited.app.get(FastauthEvents).subscribe(({ type }) => heard.push(type));
    const from = { ...OWN_PAGE, 'x-forwarded-for': '203.0.113.7' };
    try {
      for (const _ of [1, 2, 3]) expect((await signIn(limited, 'wrong', from)).status).toBe(401);
      expect(heard.filter((type) => type === 'access.denied')).toHaveLength(3);
      const refused = await signIn(limited, MASTER_TOKEN, from);
      expect(refused.status).toBe(429);
      expect(refused.headers.getSetCookie()).toEqual([]);
      expect(refused.headers.get('content-security-policy')).toContain("default-src 'self'");
      const elsewhere = { ...OWN_PAGE, 'x-forwarded-for': '203.0.113.8' };
      expect((await signIn(limited, MASTER_TOKEN, elsewhere)).status).toBe(200);
    } finally {
      await limited.close();
    }
    expect((await signIn(app, '')).status).toBe(422);
    const doubled = 'master_token=a&master_token=b';
    expect((await app.post('/auth/console/sign-in', doubled, OWN_PAGE)).status).toBe(422);
    const inUrl = await app.post(`/auth/console/sign-in?master_token=${MASTER_TOKEN}`, {}, OWN_PAGE);
    expect(inUrl.status).toBe(422);
  });

  it('ends after 15 minutes, and by signing out', async () => {
    const own = await start();
    try {
      const early = await signedIn(own);
      own.clock.advance(899);
      expect((await call('GET state', early, own)).status).toBe(200);
      own.clock.advance(1);
      expect((await call('GET state', early, own)).status).toBe(401);
      const late = await signedIn(own);
      const out = await call('POST sign-out', late, own);
      expect(out.headers.getSetCookie()[0]).toMatch(/^__Host-fastauth-console=; Max-Age=0;/);
      expect((await call('GET state', late, own)).status).toBe(401);
    } finally {
      await own.close();
    }
  });

  it('is accepted by other processes of the same secrets, and by none after a master token is replaced', async () => {
    const tokens = (token: string, name = 'operators') => ({
      masterToken: undefined,
      masterTokens: [{ name, token }],
    });
    const [same, otherMaster, otherKey, hashed] = await Promise.all([
      start(),
      start({ masterToken: 'another master token of the tests' }),
      start({ cryptographyKey: 'another secret of the tests, of thirty-two bytes' }),
      start({ masterToken: `sha256:${createHash('sha256').update(MASTER_TOKEN).digest('hex')}` }),
    ]);
    const named = await start(tokens(MASTER_TOKEN));
    try {
      expect((await call('GET state', headers, same)).status).toBe(200);
      expect((await call('GET state', headers, hashed)).status).toBe(200);
      for (const other of [otherMaster, otherKey, named]) {
        expect((await call('GET state', headers, other)).status).toBe(401);
      }
    } finally {
      await Promise.all([same, otherMaster, otherKey, hashed, named].map((each) => each.close()));
    }
  });

  it('refuses a cookie that was changed anywhere, or sent twice', async () => {
    const cookie = headers['cookie'] ?? '';
    const [name = '', value = ''] = cookie.split('=');
    for (let at = 0; at < value.length; at += 7) {
      const changed = value.slice(0, at) + (value[at] === 'A' ? 'B' : 'A') + value.slice(at + 1);
      const answer = await call('GET state', { ...OWN_PAGE, cookie: `${name}=${changed}` });
      expect([at, answer.status]).toEqual([at, 401]);
    }
    const [payload = '', mac = ''] = value.split('.');
    const written = JSON.parse(Buffer.from(payload, 'base64url').toString()) as unknown[];
    const longer = Buffer.from(JSON.stringify(written.with(2, 4e9))).toString('base64url');
    for (const forged of [
      `${longer}.${mac}`,
      `${payload}.`,
      payload,
      `.${mac}`,
      `${value}.x`,
      `${value}=`,
      `${payload}.${mac}${'A'.repeat(2000)}`,
      Buffer.from('[]').toString('base64url'),
      `${Buffer.from('null').toString('base64url')}.x`,
    ]) {
      const answer = await call('GET state', { ...OWN_PAGE, cookie: `${name}=${forged}` });
      expect([forged, answer.status]).toEqual([forged, 401]);
    }
    expect((await call('GET state', { ...OWN_PAGE, cookie: `${cookie}; ${cookie}` })).status).toBe(401);
  });

  it('answers pages of its own origin alone', async () => {
    const { cookie = '' } = headers;
    const before = await app.issue('of-no-other-site');
    const body = { client_id: before.client_id, confirmation: before.client_id };
    for (const sent of [
      {},
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { 'sec-fetch-site': 'cross-site', origin: app.url },
      { 'sec-fetch-site': 'same-site' },
      { 'sec-fetch-site': 'none' },
    ] as Record<string, string>[]) {
      expect((await app.post('/auth/console/sessions/end-all', body, { ...sent, cookie })).status).toBe(403);
      expect((await signIn(app, MASTER_TOKEN, sent)).status).toBe(403);
      if (Object.keys(sent).length === 0) continue;
      expect((await call('GET sessions', { ...sent, cookie })).status).toBe(403);
    }
    expect((await call('GET sessions', { cookie })).status).toBe(200);
    const local = { origin: app.url, cookie };
    expect((await app.post('/auth/console/sessions/end-all', body, local)).body).toEqual({ ended: 1 });
  });

  it('changes nothing by GET, HEAD or OPTIONS', async () => {
    const { client_id: id } = await app.issue('still-there');
    const query = `?client_id=${id}&confirmation=${id}&session=x&master_token=${MASTER_TOKEN}`;
    for (const method of ['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'PATCH']) {
      for (const path of ['sign-in', 'sign-out', 'sessions/end', 'sessions/end-all', 'keys/rotate']) {
        const { status, headers: sent } = await app.request(method, `/auth/console/${path}${query}`, {
          headers,
        });
        expect(status).toBeGreaterThanOrEqual(400);
        expect(sent.getSetCookie()).toEqual([]);
      }
    }
    const { body } = await app.get(`/auth/console/sessions?client=${id}`, headers);
    expect(body.sessions).toHaveLength(1);
    expect((await app.request('HEAD', '/auth/console/sessions', { headers: OWN_PAGE })).status).toBe(401);
  });

  it('is closed under every spelling of its paths', async () => {
    for (const path of [
      '/auth/console/sessions/',
      '/auth//console/sessions',
      '/AUTH/CONSOLE/SESSIONS',
      '/auth/console/./sessions',
      '/auth/console/x/../sessions',
      '/auth/console/%73essions',
      '/auth/console/sessions;a=b',
      '/auth%2fconsole/sessions',
      '/auth/console/app.js/../sessions',
      '/auth/console/sessions?/app.js',
      'http://localhost/auth/console/sessions',
    ]) {
      const { status, body } = await rawRequest(app.url, 'GET', path, OWN_PAGE);
      expect([path, status >= 400]).toEqual([path, true]);
      expect(body).not.toContain('"sessions"');
    }
  });

  it('lists sessions and ends one, or all of a client whose identifier is typed', async () => {
    const tokens = app.app.get(TokenService);
    const first = await tokens.issue({ clientId: HOSTILE, label: HOSTILE });
    await tokens.issue({ clientId: HOSTILE, label: 'second' });
    const find = async () =>
      (await app.get(`/auth/console/sessions?client=${encodeURIComponent(HOSTILE)}`, headers)).body.sessions;
    expect(await find()).toHaveLength(2);
    const all = await app.get('/auth/console/sessions', headers);
    expect(all.body.tracked).toBe(false);
    expect(all.body.sessions).toContainEqual({
      client_id: HOSTILE,
      session: first.familyId,
      label: HOSTILE,
      created_at: expect.any(Number),
      expires_at: first.refreshExpiresAt,
    });
    expect(all.headers.get('content-type')).toContain('application/json');
    for (const token of [first.accessToken, first.refreshToken]) expect(all.text).not.toContain(token);

    const one = { client_id: HOSTILE, session: first.familyId };
    expect((await app.post('/auth/console/sessions/end', one, headers)).body).toEqual({ ended: 1 });
    expect((await app.post('/auth/console/sessions/end', one, headers)).body).toEqual({ ended: 0 });
    expect((await app.get('/nowhere', { 'ACCESS-TOKEN': first.accessToken })).status).toBe(401);
    expect((await find()).map(({ label }: { label: string }) => label)).toEqual(['second']);

    const every = { client_id: HOSTILE };
    expect((await app.post('/auth/console/sessions/end-all', every, headers)).status).toBe(422);
    const mistyped = { ...every, confirmation: HOSTILE.slice(1) };
    expect((await app.post('/auth/console/sessions/end-all', mistyped, headers)).status).toBe(422);
    const typed = { ...every, confirmation: HOSTILE };
    expect((await app.post('/auth/console/sessions/end-all', typed, headers)).body).toEqual({ ended: 1 });
    expect(await find()).toEqual([]);
  });

  it('audits who changed what, and who was refused', async () => {
    const heard: [FastauthEvent, string | undefined][] = [];
    const unsubscribe = app.app.get(FastauthEvents).subscribe((...told) => heard.push(told));
    try {
      const { client_id } = await app.issue('of-an-audit');
      const body = { client_id, confirmation: client_id };
      const sent = { ...headers, 'x-request-id': 'ending-all-of-them' };
      await app.post('/auth/console/sessions/end-all', body, sent);
      const id = 'ending-all-of-them';
      expect(heard.filter(([, told]) => told === id).map(([event]) => event)).toMatchObject([
        { type: 'master.used', name: 'master-token', uses: 1 },
        { type: 'session.revoked', clientId: client_id },
      ]);
      await app.get('/auth/console/sessions', headers);
      const unsigned = await app.get('/auth/console/sessions', OWN_PAGE);
      expect(unsigned).toMatchObject({
        status: 401,
        body: { detail: 'Sign in to the console', code: 'missing_token' },
      });
      const foreign = { ...headers, origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' };
      const refused = await app.post('/auth/console/sessions/end-all', body, foreign);
      expect(refused).toMatchObject({ status: 403, body: { code: 'origin_not_allowed' } });
      for (const { headers: told } of [unsigned, refused]) expect(told.get('cache-control')).toBe('no-store');
      expect(heard.filter(([{ type }]) => type === 'master.used').length).toBe(2);
      expect(heard.map(([event]) => event).filter(({ type }) => type === 'access.denied')).toMatchObject([
        { code: 'missing_token' },
        { code: 'origin_not_allowed' },
      ]);
    } finally {
      unsubscribe();
    }
  });

  it('takes no cookie of an application by another name', async () => {
    const other = await start({ appName: 'other' });
    try {
      expect((await call('GET state', headers, other)).status).toBe(401);
    } finally {
      await other.close();
    }
  });

  it('tells of events and routes, and of no token', async () => {
    const issued = await app.issue('of-events');
    await app.get('/admin', { 'MASTER-TOKEN': 'a wrong one' });
    const { body, text } = await app.get('/auth/console/events', headers);
    const types = body.events.map(({ type }: { type: string }) => type);
    expect(types).toEqual(expect.arrayContaining(['token.issued', 'access.denied', 'master.used']));
    for (const token of [issued.access_token, issued.refresh_token, MASTER_TOKEN, 'a wrong one']) {
      expect(text).not.toContain(token);
    }
    const routes = await app.get('/auth/console/routes', headers);
    expect(routes.body.entries).toEqual(JSON.parse(JSON.stringify(accessMap(app.app).entries)));
  });

  it('is part of no OpenAPI document', () => {
    const document = SwaggerModule.createDocument(app.app, new DocumentBuilder().build());
    expect(Object.keys(document.paths).filter((path) => path.includes('console'))).toEqual([]);
  });

  it('moves with the auth prefix and the global prefix, and has no version', async () => {
    const moved = await startApp({
      adapter,
      fastauth: { console: true, authPrefix: '/login' },
      configure: (nest) => nest.setGlobalPrefix('api').enableVersioning(),
    });
    const place = '/api/login/console';
    try {
      expect((await moved.get('/auth/console')).status).toBe(404);
      expect((await moved.get(place)).text).toContain('src="console/app.js"');
      expect((await moved.get(`${place}/app.js`)).status).toBe(200);
      const sent = await signedIn(moved, place);
      expect((await moved.get(`${place}/sessions`, sent)).body).toEqual({ tracked: false, sessions: [] });
    } finally {
      await moved.close();
    }
  });
});

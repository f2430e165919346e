import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ADAPTERS, type Answer, MASTER_TOKEN, startApp, type TestApp } from '../support/app.js';
import { basic, secretHashOf, secretOf } from '../support/oauth-clients.js';
import { RoutesController } from '../support/routes.controller.js';
import { sendRaw } from '../support/raw-request.js';

const SECRET = secretOf('billing');
const OTHER_SECRET = secretOf('reports');
const CLIENTS = [
  {
    clientId: 'billing',
    secretHashes: [secretHashOf(SECRET)],
    scopes: ['invoices:read', 'invoices:write'],
    grants: ['client_credentials', 'refresh_token'],
    audiences: ['https://api.example.com/'],
  },
  {
    clientId: 'reports',
    secretHashes: [secretHashOf(OTHER_SECRET)],
    method: 'client_secret_post',
    grants: ['refresh_token'],
  },
  { clientId: 'odd: é+%&', secretHashes: [secretHashOf(SECRET)] },
  { clientId: 'gone', secretHashes: [secretHashOf(SECRET)], enabled: false },
] as const;

const BASIC = basic('billing', SECRET);
const GRANT = 'grant_type=client_credentials';

describe.each(ADAPTERS)('RFC 6749, client credentials, on %s', (adapter) => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startApp({
      adapter,
      controllers: [RoutesController],
      fastauth: { clients: CLIENTS, failedAttemptsPerClient: 1000 },
    });
  });
  afterAll(() => app.close());

  const token = (body: string, headers: Record<string, string> = {}): Promise<Answer> =>
    app.post('/auth/token', body, headers);
  const refused = (answer: Answer) => ({ status: answer.status, error: answer.body?.error });
  const claimsOf = (jwt: string) => JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString());

  it('5.1 answers exactly what it is to answer, and forbids to keep it', async () => {
    const answer = await token(GRANT, BASIC);
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      access_token: expect.any(String),
      token_type: 'Bearer',
      expires_in: 3600,
      scope: 'invoices:read invoices:write',
    });
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.headers.get('pragma')).toBe('no-cache');
    expect(answer.headers.get('content-type')).toMatch(/^application\/json/);
    const used = await app.get('/whoami', { authorization: `Bearer ${answer.body.access_token}` });
    expect([used.status, used.body]).toMatchObject([200, { clientId: 'billing' }]);
  });

  it('4.4.3 gives a session of its own per grant, which logs none out, and no refresh token', async () => {
    const pair = await app.issue('billing');
    const tokens = [];
    for (let n = 0; n < 5; n++) tokens.push((await token(GRANT, BASIC)).body.access_token);
    for (const accessToken of [pair.access_token, ...tokens]) {
      expect((await app.get('/whoami', { 'ACCESS-TOKEN': accessToken })).status).toBe(200);
    }
  });

  it('2.3.1 takes the secret in the body, if the client is registered for that', async () => {
    const body = `grant_type=refresh_token&client_id=reports&client_secret=${OTHER_SECRET}`;
    expect(refused(await token(body))).toEqual({ status: 400, error: 'invalid_request' });
    expect(refused(await token(`${GRANT}&client_id=reports&client_secret=${OTHER_SECRET}`))).toEqual({
      status: 400,
      error: 'unauthorized_client',
    });
    const answer = await token(`${GRANT}&client_id=billing&client_secret=${SECRET}`);
    expect(refused(answer)).toEqual({ status: 401, error: 'invalid_client' });
    expect(answer.body.error_description).toContain('client_secret_basic');
  });

  it('2.3.1 decodes both parts of the header as a form is', async () => {
    expect((await token(GRANT, basic('odd: é+%&', SECRET))).status).toBe(200);
    const unencoded = Buffer.from(`odd: é+%&:${SECRET}`).toString('base64');
    const answer = await token(GRANT, { authorization: `Basic ${unencoded}` });
    expect(refused(answer)).toEqual({ status: 401, error: 'invalid_client' });
    expect(answer.body.error_description).toContain('RFC 6749 section 2.3.1');
  });

  it.each([
    ['header and body', `${GRANT}&client_id=billing&client_secret=${SECRET}`, BASIC],
    ['header and assertion', `${GRANT}&client_assertion=x&client_assertion_type=y`, BASIC],
    ['another client_id in the body', `${GRANT}&client_id=reports`, BASIC],
    ['the secret twice', `${GRANT}&client_id=billing&client_secret=${SECRET}&client_secret=${SECRET}`, {}],
    ['client_id[]', `${GRANT}&client_id[]=billing&client_secret=${SECRET}`, {}],
    ['Client_ID', `${GRANT}&Client_ID=billing&client_secret=${SECRET}`, {}],
    ['grant_type twice', `${GRANT}&${GRANT}`, BASIC],
    ['no grant_type', 'scope=invoices:read', BASIC],
    ['an unknown assertion type', `${GRANT}&client_assertion=x&client_assertion_type=y`, {}],
  ])('5.2 invalid_request: %s', async (_what, body, headers) => {
    expect(refused(await token(body, headers))).toEqual({ status: 400, error: 'invalid_request' });
  });

  it.each(['client_secret', 'client_id', 'client_assertion', 'grant_type', 'scope', 'resource'])(
    '2.3.1 never takes %s from the query',
    async (name) => {
      const answer = await app.post(`/auth/token?${name}=${SECRET}`, GRANT, BASIC);
      expect(refused(answer)).toEqual({ status: 400, error: 'invalid_request' });
    },
  );

  it('4.1.2.1 has no response type to offer, sends nobody anywhere, and says so', async () => {
    const asked = '?response_type=code&client_id=billing&redirect_uri=https%3A%2F%2Fevil.example.com';
    for (const query of ['', asked]) {
      const { status, body, headers } = await app.get(`/auth/authorize${query}`);
      expect({ status, error: body.error }).toEqual({ status: 400, error: 'unsupported_response_type' });
      expect(headers.get('location')).toBeNull();
      expect(headers.get('cache-control')).toBe('no-store');
    }
  });

  it('3.2 takes POST with a form alone', async () => {
    expect((await app.get(`/auth/token?${GRANT}`, BASIC)).status).toBe(404);
    for (const [type, body] of [
      ['application/json', '{"grant_type":"client_credentials"}'],
      ['application/json', '{'],
      ['text/plain', GRANT],
      ['application/x-www-form-urlencoded; charset=utf-16', GRANT],
    ] as const) {
      const other = await app.post('/auth/token', body, { ...BASIC, 'content-type': type });
      expect(refused(other)).toEqual({ status: 400, error: 'invalid_request' });
      expect(other.body.error_description).toBe(
        'Send application/x-www-form-urlencoded, in UTF-8 and not compressed',
      );
    }
  });

  it('5.2 invalid_client: unknown, wrong, disabled and empty are one answer, with a challenge', async () => {
    const answers = [
      await token(GRANT, basic('nobody', SECRET)),
      await token(GRANT, basic('billing', OTHER_SECRET)),
      await token(GRANT, basic('gone', SECRET)),
      await token(GRANT, basic('BILLING', SECRET)),
      await token(GRANT, basic('billing ', SECRET)),
      await token(GRANT, basic(' billing', SECRET)),
      await token(GRANT, basic('billing.', SECRET)),
      await token(GRANT, basic('billing\0', SECRET)),
      await token(GRANT, basic('b%69lling', SECRET)),
      await token(GRANT, basic('b\u0456lling', SECRET)),
      await token(GRANT, basic('\uff42illing', SECRET)),
      await token(GRANT, basic('bi\u200blling', SECRET)),
      await token(GRANT, basic('odd: e\u0301+%&', SECRET)),
      await token(GRANT, basic('__proto__', SECRET)),
      await token(GRANT, basic('billing'.repeat(100), SECRET)),
      await token(GRANT, basic('billing', `${SECRET} `)),
      await token(GRANT, basic('billing', SECRET.toUpperCase())),
      await token(GRANT, basic('billing', SECRET.slice(0, -1))),
      await token(GRANT, basic('billing', '')),
      await token(GRANT, basic('', '')),
    ];
    for (const answer of answers) {
      expect(answer.status).toBe(401);
      expect(answer.body).toEqual(answers[0]?.body);
      expect(answer.headers.get('www-authenticate')).toMatch(/^Basic realm="fastauth"/);
      expect(answer.headers.get('cache-control')).toBe('no-store');
    }
  });

  it.each([{}, { authorization: 'Basic' }, { authorization: 'Basic !!' }, { authorization: 'Bearer x' }])(
    '5.2 invalid_client: %j',
    async (headers) => {
      expect(refused(await token(GRANT, headers))).toEqual({ status: 401, error: 'invalid_client' });
    },
  );

  it('5.2 refuses two Authorization headers', async () => {
    const header = `Authorization: ${BASIC['authorization']}\r\n`;
    const answer = await sendRaw(
      app.url,
      `POST /auth/token HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${header}${header}` +
        `Content-Type: application/x-www-form-urlencoded\r\nContent-Length: ${GRANT.length}\r\n\r\n${GRANT}`,
    );
    expect([answer.status, answer.body]).toEqual([400, expect.stringContaining('"invalid_request"')]);
  });

  it.each(['password', 'authorization_code', 'urn:x', ''])('5.2 unsupported_grant_type: %s', async (type) => {
    expect(refused(await token(`grant_type=${type}`, BASIC))).toEqual({
      status: 400,
      error: 'unsupported_grant_type',
    });
  });

  it('3.3 gives the scopes that are asked for, never more than the client has', async () => {
    const answer = await token(`${GRANT}&scope=invoices:read`, BASIC);
    expect([answer.body.scope, claimsOf(answer.body.access_token).scope]).toEqual([
      'invoices:read',
      'invoices:read',
    ]);
    for (const scope of ['invoices:delete', 'invoices:read invoices:delete', ' ', 'a  b', '"']) {
      expect(refused(await token(`${GRANT}&scope=${encodeURIComponent(scope)}`, BASIC))).toEqual({
        status: 400,
        error: 'invalid_scope',
      });
    }
    // 3.2: a parameter sent without a value is one that is not sent.
    const without = await token(`${GRANT}&scope=`, BASIC);
    expect(without.body.scope).toBe((await token(GRANT, BASIC)).body.scope);
    const none = await token(GRANT, basic('odd: é+%&', SECRET));
    expect(Object.keys(none.body).sort()).toEqual(['access_token', 'expires_in', 'token_type']);
  });

  it('RFC 8707: resource sets aud; unknown ones are invalid_target', async () => {
    const resource = encodeURIComponent('https://api.example.com/');
    const answer = await token(`${GRANT}&resource=${resource}`, BASIC);
    expect(claimsOf(answer.body.access_token).aud).toBe('https://api.example.com/');
    // It is for others, not for us.
    expect((await app.get('/whoami', { 'ACCESS-TOKEN': answer.body.access_token })).status).toBe(401);
    for (const other of ['https://evil.example.com/', 'https://api.example.com', 'x', '']) {
      const body = `${GRANT}&resource=${resource}&resource=${encodeURIComponent(other)}`;
      expect(refused(await token(body, BASIC))).toEqual({ status: 400, error: 'invalid_target' });
    }
  });

  describe('6, refreshing', () => {
    const refresh = (refreshToken: string, headers = BASIC) =>
      token(`grant_type=refresh_token&refresh_token=${refreshToken}`, headers);

    it('gives the client a new pair for its own refresh token', async () => {
      const pair = await app.issue('billing');
      const answer = await refresh(pair.refresh_token);
      expect(answer.body).toEqual({
        access_token: expect.any(String),
        token_type: 'Bearer',
        expires_in: 30 * 24 * 60 * 60,
        refresh_token: expect.any(String),
      });
      expect((await app.get('/whoami', { 'ACCESS-TOKEN': answer.body.access_token })).status).toBe(200);
      expect((await refresh(answer.body.refresh_token)).status).toBe(200);
    });

    it("refuses another client's, whose session goes on", async () => {
      const pair = await app.issue('someone');
      for (let n = 0; n < 3; n++) {
        expect(refused(await refresh(pair.refresh_token))).toEqual({ status: 400, error: 'invalid_grant' });
      }
      expect((await app.get('/whoami', { 'ACCESS-TOKEN': pair.access_token })).status).toBe(200);
      expect((await app.post('/auth/token/refresh', { refresh_token: pair.refresh_token })).status).toBe(200);
    });

    it.each(['', 'nonsense', 'a.b.c'])('refuses %j', async (refreshToken) => {
      expect(refused(await refresh(refreshToken))).toEqual({ status: 400, error: 'invalid_grant' });
    });

    it('refuses an access token', async () => {
      const { access_token } = (await token(GRANT, BASIC)).body;
      expect(refused(await refresh(access_token))).toEqual({ status: 400, error: 'invalid_grant' });
    });

    it('is done here alone by a client that has credentials', async () => {
      const pair = await app.issue('billing');
      const answer = await app.post('/auth/token/refresh', { refresh_token: pair.refresh_token });
      expect([answer.status, answer.body.message]).toEqual([401, 'Invalid refresh token']);
      expect((await refresh(pair.refresh_token)).status).toBe(200);
    });
  });
});

describe.each(ADAPTERS)('The token endpoint on %s', (adapter) => {
  it('is not there unless it is switched on, nor is what refuses authorization', async () => {
    const app = await startApp({ adapter });
    expect((await app.post('/auth/token', GRANT, BASIC)).status).toBe(404);
    await app.close();
  });

  it('follows auth-prefix and the global prefix', async () => {
    const app = await startApp({
      adapter,
      fastauth: { clients: CLIENTS, authPrefix: '/oauth' },
      configure: (nest) => nest.setGlobalPrefix('api'),
    });
    expect((await app.post('/api/oauth/token', GRANT, BASIC)).status).toBe(200);
    await app.close();
  });

  it('makes a client that fails too often wait, and no other one', async () => {
    const app = await startApp({ adapter, fastauth: { clients: CLIENTS, failedAttemptsPerClient: 5 } });
    const wrong = basic('billing', OTHER_SECRET);
    for (let n = 0; n < 5; n++) expect((await app.post('/auth/token', GRANT, wrong)).status).toBe(401);
    let answer = await app.post('/auth/token', GRANT, wrong);
    for (let n = 0; n < 50 && answer.status !== 429; n++)
      answer = await app.post('/auth/token', GRANT, wrong);
    expect([answer.status, answer.body.error]).toEqual([429, 'temporarily_unavailable']);
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await app.post('/auth/token', GRANT, basic('odd: é+%&', OTHER_SECRET))).status).toBe(401);
    expect((await app.post('/auth/token', GRANT, BASIC)).status).toBe(200);
    await app.close();
  });

  it('bounds the sessions of a client by ending the oldest', async () => {
    const app = await startApp({
      adapter,
      controllers: [RoutesController],
      fastauth: { clients: CLIENTS, sessionsPerCredentialClient: 3 },
    });
    const tokens = [];
    for (let n = 0; n < 5; n++) tokens.push((await app.post('/auth/token', GRANT, BASIC)).body.access_token);
    const statuses = [];
    for (const token of tokens) statuses.push((await app.get('/whoami', { 'ACCESS-TOKEN': token })).status);
    expect(statuses).toEqual([401, 401, 200, 200, 200]);
    await app.close();
  });

  it('keeps the identifiers of its clients from strangers where anybody may have tokens issued', async () => {
    const app = await startApp({ adapter, fastauth: { clients: CLIENTS, publicTokenIssuance: true } });
    for (const clientId of ['billing', 'gone']) {
      expect((await app.post('/auth/token/new', { client_id: clientId })).status).toBe(401);
      expect((await app.get(`/auth/token/new?client_id=${clientId}`)).status).toBe(401);
    }
    const master = { 'MASTER-TOKEN': MASTER_TOKEN };
    expect((await app.post('/auth/token/new', { client_id: 'billing' }, master)).status).toBe(200);
    expect((await app.post('/auth/token/new', { client_id: 'another' })).status).toBe(200);
    await app.close();
  });

  it('answers 500 without a key', async () => {
    const app = await startApp({ adapter, fastauth: { clients: CLIENTS, cryptographyKey: undefined } });
    const answer = await app.post('/auth/token', GRANT, BASIC);
    expect([answer.status, answer.body.error]).toEqual([500, 'server_error']);
    await app.close();
  });
});

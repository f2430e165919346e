import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import * as oauth from 'oauth4webapi';
import { TokenService } from '../../src/index.js';
import { type Answer, ADAPTERS, MASTER_TOKEN, startApp, type TestApp } from '../support/app.js';
import { basic, secretHashOf, secretOf } from '../support/oauth-clients.js';

const MASTER = { 'MASTER-TOKEN': MASTER_TOKEN };

describe.each(ADAPTERS)('RFC 7662, token introspection, on %s', (adapter) => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startApp({ adapter });
  });
  afterAll(() => app.close());

  const introspect = (body: string | object, headers: Record<string, string> = MASTER) =>
    app.post('/auth/token/introspect', body, headers);

  it('2.1 needs authorisation', async () => {
    const { access_token: token } = await app.issue();
    for (const headers of [{}, { 'ACCESS-TOKEN': token }, { 'MASTER-TOKEN': 'wrong' }] as Record<
      string,
      string
    >[]) {
      const answer = await introspect(`token=${token}`, headers);
      expect(answer.status).toBe(401);
      expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer realm="/);
      expect(answer.text).not.toContain('active');
    }
  });

  it('2.2 tells what a good access token says', async () => {
    const tokens = await app.app
      .get(TokenService)
      .issue({ clientId: 'sensor', claims: { scope: 'read write', site: 'north' } });
    const answer = await introspect(`token=${tokens.accessToken}&token_type_hint=refresh_token`);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.body).toEqual({
      active: true,
      client_id: 'sensor',
      token_type: 'Bearer',
      type: 'access',
      scope: 'read write',
      site: 'north',
      exp: tokens.accessExpiresAt,
      auth_time: expect.any(Number),
      iat: expect.any(Number),
      jti: expect.any(String),
    });
  });

  it('2.2 tells of a good refresh token', async () => {
    const pair = await app.issue('sensor-2');
    const { body } = await introspect({ token: pair.refresh_token });
    expect(body).toMatchObject({ active: true, client_id: 'sensor-2', type: 'refresh' });
    expect(body).not.toHaveProperty('token_type');
  });

  it('2.2 says nothing but inactive of every other token', async () => {
    const superseded = await app.issue('x');
    const spent = await app.issue('x');
    await app.post('/auth/token/refresh', { refresh_token: spent.refresh_token });
    const revoked = await app.issue('y');
    await app.post('/auth/token/revoke', { token: revoked.access_token });
    const tampered = `${(await app.issue('z')).access_token.slice(0, -2)}AA`;
    for (const token of [
      'nonsense',
      tampered,
      superseded.access_token,
      superseded.refresh_token,
      spent.access_token,
      spent.refresh_token,
      revoked.access_token,
      revoked.refresh_token,
    ]) {
      const { status, text } = await introspect({ token });
      expect([status, text]).toEqual([200, '{"active":false}']);
    }
  });

  it('2.2 says inactive once the token has expired', async () => {
    const { access_token: token, refresh_token: refresh } = await app.issue('old');
    app.clock.advance(31 * 24 * 3600);
    expect((await introspect({ token })).text).toBe('{"active":false}');
    expect((await introspect({ token: refresh })).body.active).toBe(true);
  });

  it.each(['', 'token=', 'token=a&token=b'])(
    '2.3 a malformed request is invalid_request: %j',
    async (body) => {
      const answer = await introspect(body);
      expect([answer.status, answer.body.error]).toEqual([400, 'invalid_request']);
    },
  );

  it('2.1 is not open to GET, so that no token stands in a URL', async () => {
    expect((await app.request('GET', '/auth/token/introspect?token=x', { headers: MASTER })).status).toBe(
      404,
    );
  });

  it('is driven by a standard client', async () => {
    const pair = await app.issue('standard');
    const server: oauth.AuthorizationServer = {
      issuer: app.url,
      introspection_endpoint: `${app.url}/auth/token/introspect`,
    };
    const client = { client_id: 'resource-server' };
    const ask = async (token: string): Promise<oauth.IntrospectionResponse> => {
      const response = await oauth.introspectionRequest(server, client, oauth.None(), token, {
        [oauth.allowInsecureRequests]: true,
        headers: MASTER,
      });
      return oauth.processIntrospectionResponse(server, client, response);
    };
    expect(await ask(pair.access_token)).toMatchObject({ active: true, client_id: 'standard' });
    expect(await ask('unknown')).toEqual({ active: false });
  });
});

describe.each(ADAPTERS)('introspection at a configured level, on %s', (adapter) => {
  it('takes anybody where introspection-access is public', async () => {
    const app = await startApp({ adapter, fastauth: { introspectionAccess: 'public' } });
    const { access_token: token } = await app.issue('peer');
    expect((await app.post('/auth/token/introspect', { token })).body.active).toBe(true);
    await app.close();
  });

  it('takes an access token where introspection-access is access', async () => {
    const app = await startApp({ adapter, fastauth: { introspectionAccess: 'access' } });
    const { access_token: token } = await app.issue('peer');
    const answer = await app.post('/auth/token/introspect', { token }, { 'ACCESS-TOKEN': token });
    expect(answer.body.active).toBe(true);
    expect((await app.post('/auth/token/introspect', { token })).status).toBe(401);
    await app.close();
  });
});

const ORDERS = 'https://orders.example.com';
const CLIENTS = [
  {
    clientId: 'orders',
    secretHashes: [secretHashOf(secretOf('orders'))],
    audiences: [ORDERS],
    introspect: true,
  },
  {
    clientId: 'poster',
    method: 'client_secret_post',
    secretHashes: [secretHashOf(secretOf('poster'))],
    introspect: true,
  },
  {
    clientId: 'caller',
    secretHashes: [secretHashOf(secretOf('caller'))],
    audiences: [ORDERS, 'https://other.example.com', 'urn:client:poster'],
  },
  {
    clientId: 'gone',
    secretHashes: [secretHashOf(secretOf('gone'))],
    introspect: true,
    enabled: false,
  },
] as const;
const AS_ORDERS = basic('orders', secretOf('orders'));
const INACTIVE = { active: false };

describe.each(ADAPTERS)('introspection by clients, on %s', (adapter) => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startApp({ adapter, fastauth: { clients: CLIENTS, failedAttemptsPerClient: 1000 } });
  });
  afterAll(() => app.close());

  const introspect = (body: string, headers: Record<string, string> = AS_ORDERS): Promise<Answer> =>
    app.post('/auth/token/introspect', body, headers);
  const refused = (answer: Answer) => ({ status: answer.status, error: answer.body?.error });
  const tokenFor = async (resource?: string): Promise<string> => {
    const more = resource === undefined ? '' : `&resource=${encodeURIComponent(resource)}`;
    const answer = await app.post(
      '/auth/token',
      `grant_type=client_credentials${more}`,
      basic('caller', secretOf('caller')),
    );
    return answer.body.access_token;
  };

  it('2.1 tells a client of tokens that are for it, or for nobody in particular', async () => {
    expect((await introspect(`token=${await tokenFor(ORDERS)}`)).body).toMatchObject({
      active: true,
      client_id: 'caller',
      aud: ORDERS,
      token_type: 'Bearer',
    });
    expect((await introspect(`token=${await tokenFor()}`)).body.active).toBe(true);
    expect((await introspect(`token=${(await app.issue('someone')).access_token}`)).body.active).toBe(true);
  });

  it('2.2 says nothing but inactive of tokens that are for others, and of those that are not good', async () => {
    for (const token of [await tokenFor('https://other.example.com'), 'nonsense', 'a.b.c']) {
      const answer = await introspect(`token=${token}`);
      expect([answer.status, answer.body]).toEqual([200, INACTIVE]);
    }
    const { access_token: ended } = await app.issue('ended');
    await app.post('/auth/token/revoke', `token=${ended}`);
    expect((await introspect(`token=${ended}`)).body).toEqual(INACTIVE);
  });

  it('2.2 tells the master token of all that are good, whomever they are for', async () => {
    for (const resource of [undefined, ORDERS, 'https://other.example.com']) {
      const { body } = await introspect(`token=${await tokenFor(resource)}`, MASTER);
      expect(body).toMatchObject({ active: true, client_id: 'caller' });
      expect(body.aud).toBe(resource);
    }
  });

  it('2.1 takes the secret in the body of a client that is registered for that', async () => {
    const token = await tokenFor();
    const body = `token=${token}&client_id=poster&client_secret=${secretOf('poster')}`;
    expect((await introspect(body, {})).body.active).toBe(true);
    expect(refused(await introspect(`token=${token}`, basic('poster', secretOf('poster'))))).toEqual({
      status: 401,
      error: 'invalid_client',
    });
  });

  it('2.1 refuses a client that may not introspect', async () => {
    const token = await tokenFor();
    const answer = await introspect(`token=${token}`, basic('caller', secretOf('caller')));
    expect(refused(answer)).toEqual({ status: 403, error: 'unauthorized_client' });
    expect(answer.text).not.toContain('active');
  });

  it.each([
    ['an unknown client', basic('nobody', secretOf('orders'))],
    ['a wrong secret', basic('orders', secretOf('poster'))],
    ['a disabled client', basic('gone', secretOf('gone'))],
    ['no credentials', { authorization: 'Basic' }],
  ])('2.3 answers 401 to %s, as RFC 6749 section 5.2 has it', async (_what, headers) => {
    const answer = await introspect(`token=${await tokenFor()}`, headers);
    expect(refused(answer)).toEqual({ status: 401, error: 'invalid_client' });
    expect(answer.headers.get('www-authenticate')).toMatch(/^Basic realm="fastauth"/);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.text).not.toContain('active');
  });

  it('2.1 is not open to anybody else', async () => {
    const token = await tokenFor();
    for (const headers of [{}, { 'MASTER-TOKEN': 'wrong' }, { authorization: `Bearer ${token}` }] as Record<
      string,
      string
    >[]) {
      for (const body of [`token=${token}`, `token=${token}&client_id=orders`]) {
        const answer = await introspect(body, headers);
        expect(answer.status).toBe(401);
        expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer realm="/);
        expect(answer.text).not.toContain('active');
      }
    }
  });

  it.each<[string, string, Record<string, string>]>([
    ['a client and the master token', '', { ...AS_ORDERS, ...MASTER }],
    ['a client and an access token', '', { ...AS_ORDERS, 'ACCESS-TOKEN': 'x' }],
    [
      'a secret and a bearer token',
      `&client_id=poster&client_secret=${secretOf('poster')}`,
      { authorization: 'Bearer x' },
    ],
    ['a secret and the master token', `&client_id=poster&client_secret=${secretOf('poster')}`, MASTER],
    ['header and body', `&client_id=orders&client_secret=${secretOf('orders')}`, AS_ORDERS],
    ['another client_id', '&client_id=poster', AS_ORDERS],
    ['a misspelt client_secret', `&client_id=poster&clientSecret=${secretOf('poster')}`, {}],
  ])('refuses two ways at once: %s', async (_what, more, headers) => {
    const answer = await introspect(`token=${await tokenFor()}${more}`, headers);
    expect(refused(answer)).toEqual({ status: 400, error: 'invalid_request' });
    expect(answer.text).not.toContain('active');
  });

  it('takes no secret from the query', async () => {
    const secret = `client_id=poster&client_secret=${secretOf('poster')}`;
    const answer = await app.post(`/auth/token/introspect?${secret}`, `token=${await tokenFor()}`);
    expect(refused(answer)).toEqual({ status: 400, error: 'invalid_request' });
  });

  it.each(['', 'token='])('2.3 a malformed request is invalid_request: %j', async (body) => {
    expect(refused(await introspect(body))).toEqual({ status: 400, error: 'invalid_request' });
  });

  it('is driven by a standard client', async () => {
    const server: oauth.AuthorizationServer = {
      issuer: app.url,
      introspection_endpoint: `${app.url}/auth/token/introspect`,
    };
    const client = { client_id: 'orders' };
    const authentication = oauth.ClientSecretBasic(secretOf('orders'));
    const response = await oauth.introspectionRequest(
      server,
      client,
      authentication,
      await tokenFor(ORDERS),
      {
        [oauth.allowInsecureRequests]: true,
      },
    );
    const told = await oauth.processIntrospectionResponse(server, client, response);
    expect(told).toMatchObject({ active: true, aud: ORDERS });
  });
});

describe.each(ADAPTERS)('introspection by clients at other levels, on %s', (adapter) => {
  it.each(['public', 'access'] as const)('%s: a client that fails is refused all the same', async (level) => {
    const app = await startApp({ adapter, fastauth: { clients: CLIENTS, introspectionAccess: level } });
    const { access_token: token } = await app.issue('peer');
    const ask = (headers: Record<string, string>) =>
      app.post('/auth/token/introspect', `token=${token}`, headers);
    expect((await ask(AS_ORDERS)).body.active).toBe(true);
    expect((await ask(basic('orders', 'wrong'))).status).toBe(401);
    expect((await ask({})).status).toBe(level === 'public' ? 200 : 401);
    await app.close();
  });

  it('asks as ever where no client can authenticate itself', async () => {
    const app = await startApp({ adapter });
    const { access_token: token } = await app.issue('peer');
    const answer = await app.post('/auth/token/introspect', `token=${token}`, AS_ORDERS);
    expect([answer.status, answer.body.code]).toEqual([401, 'missing_token']);
    await app.close();
  });

  it('makes a client wait that fails too often, as at the token endpoint', async () => {
    const app = await startApp({ adapter, fastauth: { clients: CLIENTS, failedAttemptsPerClient: 5 } });
    const ask = (headers: Record<string, string>) => app.post('/auth/token/introspect', 'token=x', headers);
    const wrong = basic('orders', 'wrong');
    let answer = await ask(wrong);
    for (let n = 0; n < 50 && answer.status !== 429; n++) answer = await ask(wrong);
    expect([answer.status, answer.body.error]).toEqual([429, 'temporarily_unavailable']);
    const atToken = await app.post('/auth/token', 'grant_type=client_credentials', wrong);
    expect(atToken.status).toBe(429);
    expect((await ask(AS_ORDERS)).status).toBe(200);
    await app.close();
  });

  it('tells nothing of tokens for others to those who are asked for an access token', async () => {
    const app = await startApp({ adapter, fastauth: { clients: CLIENTS, introspectionAccess: 'public' } });
    const { body } = await app.post(
      '/auth/token',
      `grant_type=client_credentials&resource=${encodeURIComponent(ORDERS)}`,
      basic('caller', secretOf('caller')),
    );
    const ask = (headers: Record<string, string>) =>
      app.post('/auth/token/introspect', `token=${body.access_token}`, headers);
    expect((await ask({})).body).toEqual(INACTIVE);
    expect((await ask(MASTER)).body.active).toBe(true);
    expect((await ask(AS_ORDERS)).body.active).toBe(true);
    await app.close();
  });
});

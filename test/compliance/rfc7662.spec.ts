import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import * as oauth from 'oauth4webapi';
import { TokenService } from '../../src/index.js';
import { ADAPTERS, MASTER_TOKEN, startApp, type TestApp } from '../support/app.js';

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

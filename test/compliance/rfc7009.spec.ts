import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import * as oauth from 'oauth4webapi';
import { ADAPTERS, MASTER_TOKEN, startApp, type TestApp } from '../support/app.js';
import { RoutesController } from '../support/routes.controller.js';

const MASTER = { 'MASTER-TOKEN': MASTER_TOKEN };

describe.each(ADAPTERS)('RFC 7009, token revocation, on %s', (adapter) => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startApp({ adapter, controllers: [RoutesController] });
  });
  afterAll(() => app.close());

  const revoke = (body: string | object, headers: Record<string, string> = {}) =>
    app.post('/auth/token/revoke', body, headers);
  const statusOf = async (accessToken: string): Promise<number> =>
    (await app.get('/whoami', { 'ACCESS-TOKEN': accessToken })).status;
  const canRefresh = async (refreshToken: string): Promise<boolean> =>
    (await app.post('/auth/token/refresh', { refresh_token: refreshToken })).status === 200;

  it('2.1 a client revokes its access token, by form, and its session ends at once', async () => {
    const pair = await app.issue('a');
    expect(await statusOf(pair.access_token)).toBe(200);
    const answer = await revoke(`token=${pair.access_token}`);
    expect([answer.status, answer.headers.get('cache-control')]).toEqual([200, 'no-store']);
    expect(await statusOf(pair.access_token)).toBe(401);
    expect(await canRefresh(pair.refresh_token)).toBe(false);
  });

  it('2.1 a refresh token ends the session too, whatever token_type_hint says', async () => {
    const pair = await app.issue('b');
    expect((await revoke(`token=${pair.refresh_token}&token_type_hint=access_token`)).status).toBe(200);
    expect(await statusOf(pair.access_token)).toBe(401);
    expect(await canRefresh(pair.refresh_token)).toBe(false);
  });

  it('2.1 takes JSON as well', async () => {
    const pair = await app.issue('c');
    expect((await revoke({ token: pair.access_token })).status).toBe(200);
    expect(await statusOf(pair.access_token)).toBe(401);
  });

  it.each([{}, MASTER])('refuses token and client_id together, and ends neither (%j)', async (headers) => {
    const [mine, other] = [await app.issue('d'), await app.issue('e')];
    for (const client_id of ['d', 'e', '']) {
      const answer = await revoke({ token: mine.access_token, client_id }, headers);
      expect([answer.status, answer.body.error]).toEqual([422, 'invalid_request']);
    }
    expect([await statusOf(mine.access_token), await statusOf(other.access_token)]).toEqual([200, 200]);
  });

  it.each(['nonsense', 'a.b.c', `${'x'.repeat(5000)}`])(
    '2.2 an unknown token is no error: %.20s',
    async (token) => {
      const answer = await revoke(`token=${token}`);
      expect([answer.status, answer.text]).toEqual([200, '{}']);
    },
  );

  it('2.2 revoking twice is no error', async () => {
    const { access_token: token } = await app.issue('f');
    expect([(await revoke(`token=${token}`)).status, (await revoke(`token=${token}`)).status]).toEqual([
      200, 200,
    ]);
  });

  it.each(['access_token', 'refresh_token'] as const)(
    '2.1 a %s that was refreshed ends its session, too: the grant is invalidated, whichever token names it',
    async (presented) => {
      const first = await app.issue('g');
      const { body } = await app.post('/auth/token/refresh', { refresh_token: first.refresh_token });
      await revoke(`token=${first[presented]}`);
      expect(await statusOf(body.data.access_token)).toBe(401);
      expect(await canRefresh(body.data.refresh_token)).toBe(false);
    },
  );

  it.each(['', 'token=', 'token_type_hint=access_token'])(
    '2.2.1 a missing token is invalid_request: %j',
    async (body) => {
      const answer = await revoke(body);
      expect([answer.status, answer.body.error]).toEqual([400, 'invalid_request']);
    },
  );

  it('2.2.1 a token sent twice, or of another type, is invalid_request', async () => {
    for (const body of ['token=a&token=b', { token: ['a'] }, { token: 7 }, { token: { a: 1 } }]) {
      const answer = await revoke(body);
      expect([answer.status, answer.body.error]).toEqual([400, 'invalid_request']);
    }
  });

  it('2 is not open to GET, so that no token stands in a URL', async () => {
    expect((await app.get('/auth/token/revoke?token=x')).status).toBe(404);
  });

  it.each(['access_token', 'refresh_token', 'urn:example:unknown', ''])(
    '2.1 token_type_hint is a hint: %j changes nothing',
    async (hint) => {
      const pair = await app.issue('hinted');
      expect((await revoke(`token=${pair.refresh_token}&token_type_hint=${hint}`)).status).toBe(200);
      expect(await statusOf(pair.access_token)).toBe(401);
    },
  );

  it('2.1 the master token revokes any token, without its holder', async () => {
    const pair = await app.issue('j');
    expect((await revoke(`token=${pair.refresh_token}`, MASTER)).status).toBe(200);
    expect(await statusOf(pair.access_token)).toBe(401);
  });

  it('2.2.1 a client that fails to authenticate gets invalid_client with a challenge, and nothing is revoked', async () => {
    const pair = await app.issue('k');
    const answer = await revoke(`token=${pair.access_token}`, { 'MASTER-TOKEN': 'wrong' });
    expect([answer.status, answer.body.error]).toEqual([401, 'invalid_client']);
    expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer realm="/);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(await statusOf(pair.access_token)).toBe(200);
  });

  it('2.1 takes no token from the query', async () => {
    const pair = await app.issue('l');
    expect((await app.post(`/auth/token/revoke?token=${pair.access_token}`, 'a=b')).status).toBe(400);
    expect(await statusOf(pair.access_token)).toBe(200);
  });

  it('the master token revokes all sessions of a client', async () => {
    const pair = await app.issue('h');
    expect((await revoke('client_id=h')).status).toBe(400);
    expect(await statusOf(pair.access_token)).toBe(200);
    expect((await revoke('client_id=h', { 'MASTER-TOKEN': 'wrong' })).body.error).toBe('invalid_client');
    expect(await statusOf(pair.access_token)).toBe(200);
    expect((await revoke('client_id=h', MASTER)).status).toBe(200);
    expect(await statusOf(pair.access_token)).toBe(401);
  });

  it('is driven by a standard client', async () => {
    const pair = await app.issue('i');
    const server: oauth.AuthorizationServer = {
      issuer: app.url,
      revocation_endpoint: `${app.url}/auth/token/revoke`,
    };
    const response = await oauth.revocationRequest(
      server,
      { client_id: 'i' },
      // `None()` would send the client_id along, which here asks for something else.
      () => {},
      pair.access_token,
      { [oauth.allowInsecureRequests]: true },
    );
    await oauth.processRevocationResponse(response);
    expect(await statusOf(pair.access_token)).toBe(401);
  });
});

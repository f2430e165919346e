import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import * as oauth from 'oauth4webapi';
import { ADAPTERS, MASTER_TOKEN, startApp, type TestApp } from '../support/app.js';
import { basic, secretHashOf, secretOf } from '../support/oauth-clients.js';
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

const CLIENTS = ['billing', 'reports'].map((clientId) => ({
  clientId,
  secretHashes: [secretHashOf(secretOf(clientId))],
  grants: ['client_credentials', 'refresh_token'] as const,
}));
const AS_BILLING = basic('billing', secretOf('billing'));

describe.each(ADAPTERS)('revocation by clients, on %s', (adapter) => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startApp({
      adapter,
      controllers: [RoutesController],
      fastauth: { clients: CLIENTS, failedAttemptsPerClient: 1000 },
    });
  });
  afterAll(() => app.close());

  const revoke = (body: string, headers: Record<string, string> = AS_BILLING) =>
    app.post('/auth/token/revoke', body, headers);
  const statusOf = async (accessToken: string): Promise<number> =>
    (await app.get('/whoami', { 'ACCESS-TOKEN': accessToken })).status;
  const grant = async (clientId: string): Promise<string> => {
    const headers = basic(clientId, secretOf(clientId));
    return (await app.post('/auth/token', 'grant_type=client_credentials', headers)).body.access_token;
  };

  it('2.1 ends sessions of its own, by access token and by refresh token', async () => {
    const [token, pair] = [await grant('billing'), await app.issue('billing')];
    for (const [sent, live] of [
      [token, token],
      [pair.refresh_token, pair.access_token],
    ] as const) {
      const answer = await revoke(`token=${sent}`);
      expect([answer.status, answer.text]).toEqual([200, '{}']);
      expect(await statusOf(live)).toBe(401);
    }
  });

  it("2.1 refuses another client's token with an error, and its session goes on", async () => {
    const [token, pair] = [await grant('reports'), await app.issue('someone')];
    for (const sent of [token, pair.access_token, pair.refresh_token]) {
      const answer = await revoke(`token=${sent}`);
      expect([answer.status, answer.body.error]).toEqual([400, 'invalid_grant']);
    }
    expect([await statusOf(token), await statusOf(pair.access_token)]).toEqual([200, 200]);
  });

  it.each(['nonsense', 'a.b.c'])('2.2 an unknown token is no error: %s', async (token) => {
    expect((await revoke(`token=${token}`)).text).toBe('{}');
  });

  it('2.1 refuses a client that is not the one it says, and ends nothing', async () => {
    const token = await grant('billing');
    const failing = [
      await revoke(`token=${token}`, basic('billing', 'wrong')),
      await revoke(`token=${token}`, basic('nobody', secretOf('billing'))),
      await revoke(`token=${token}&client_id=billing&client_secret=wrong`, {}),
    ];
    for (const answer of failing) {
      expect([answer.status, answer.body.error]).toEqual([401, 'invalid_client']);
      expect(answer.headers.get('www-authenticate')).toMatch(/^Basic realm="fastauth"/);
    }
    expect(await statusOf(token)).toBe(200);
  });

  it('refuses two ways at once, and secrets in the query', async () => {
    const token = await grant('billing');
    const secret = `client_id=billing&client_secret=${secretOf('billing')}`;
    const answers = [
      await revoke(`token=${token}`, { ...AS_BILLING, ...MASTER }),
      await revoke(`token=${token}`, { ...AS_BILLING, 'ACCESS-TOKEN': token }),
      await revoke(`token=${token}&${secret}`),
      await revoke(`token=${token}&${secret}`, MASTER),
      await revoke(`token=${token}&client_id=reports`),
      await app.post(`/auth/token/revoke?${secret}`, `token=${token}`),
    ];
    for (const answer of answers) {
      expect([answer.status, answer.body.error]).toEqual([400, 'invalid_request']);
    }
    expect(await statusOf(token)).toBe(200);
  });

  it('ends no more than a session: client_id without token is the master token’s', async () => {
    const token = await grant('billing');
    expect((await revoke('client_id=billing')).status).toBe(400);
    expect(await statusOf(token)).toBe(200);
    expect((await revoke('client_id=billing', MASTER)).status).toBe(200);
    expect(await statusOf(token)).toBe(401);
  });

  it('still takes a token from whoever holds it', async () => {
    const token = await grant('billing');
    expect((await revoke(`token=${token}`, {})).status).toBe(200);
    expect(await statusOf(token)).toBe(401);
  });

  it('is driven by a standard client', async () => {
    const token = await grant('billing');
    const server: oauth.AuthorizationServer = {
      issuer: app.url,
      revocation_endpoint: `${app.url}/auth/token/revoke`,
    };
    const response = await oauth.revocationRequest(
      server,
      { client_id: 'billing' },
      oauth.ClientSecretBasic(secretOf('billing')),
      token,
      { [oauth.allowInsecureRequests]: true },
    );
    await oauth.processRevocationResponse(response);
    expect(await statusOf(token)).toBe(401);
  });
});

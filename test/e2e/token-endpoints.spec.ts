import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ADAPTERS, MASTER_TOKEN, startApp, type TestApp } from '../support/app.js';
import { RoutesController } from '../support/routes.controller.js';

const MASTER = { 'MASTER-TOKEN': MASTER_TOKEN };

describe.each(ADAPTERS)('the token endpoints on %s', (adapter) => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startApp({ adapter, controllers: [RoutesController] });
  });
  afterAll(() => app.close());

  const whoami = (accessToken: string) => app.get('/whoami', { 'ACCESS-TOKEN': accessToken });

  describe('GET /auth/token/new', () => {
    it('answers the envelope of the contract, not to be cached', async () => {
      const answer = await app.get('/auth/token/new?client_id=abc-123', MASTER);
      expect(answer.status).toBe(200);
      expect(answer.body).toEqual({
        status: 'success',
        message: 'Token generated',
        code: 200,
        data: { client_id: 'abc-123', access_token: expect.any(String), refresh_token: expect.any(String) },
      });
      expect(answer.headers.get('cache-control')).toBe('no-store');
    });

    it('makes a UUID v4 where no client_id is sent', async () => {
      const { body } = await app.get('/auth/token/new', MASTER);
      expect(body.data.client_id).toMatch(/^[0-9a-f-]{36}$/);
    });

    it('needs the master token', async () => {
      const answer = await app.get('/auth/token/new');
      expect(answer.status).toBe(401);
      expect(answer.body).toEqual({ detail: 'Unauthorized Master Token', code: 'missing_token' });
      expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="fastauth"');
    });

    it.each([
      'client_id=',
      'client_id=a&client_id=b',
      'client_id[]=a',
      'client_id[x]=a',
      `client_id=${'x'.repeat(257)}`,
      'client_id=a%0ab',
      'client_id=%00',
    ])('refuses %s with 422', async (query) => {
      const answer = await app.get(`/auth/token/new?${query}`, MASTER);
      expect(answer.status).toBe(422);
      expect(answer.body).toMatchObject({
        status: 'error',
        code: 422,
        details: [{ parameter: 'client_id' }],
      });
    });

    it.each([
      'x&client_id=victim',
      'a#b?c',
      '../..',
      '__proto__',
      'constructor',
      '☃ 🦊',
      '%2e%2e',
      "' OR 1=1 --",
    ])('takes the hostile client_id %j for what it is', async (clientId) => {
      const pair = await app.issue(clientId);
      expect(pair.client_id).toBe(clientId);
      expect((await whoami(pair.access_token)).body.clientId).toBe(clientId);
    });

    it('never answers 304, whatever the conditional headers say', async () => {
      const answer = await app.get('/auth/token/new', {
        ...MASTER,
        'If-None-Match': '*',
        'If-Modified-Since': new Date().toUTCString(),
      });
      expect(answer.status).toBe(200);
      expect(answer.body.data.access_token).toEqual(expect.any(String));
    });

    it('issues nothing to HEAD', async () => {
      const before = await app.issue('head');
      const answer = await app.request('HEAD', '/auth/token/new?client_id=head', { headers: MASTER });
      expect(answer.status).toBe(405);
      expect(answer.headers.get('allow')).toBe('GET, POST');
      expect((await whoami(before.access_token)).status).toBe(200);
    });
  });

  describe('POST /auth/token/new', () => {
    it('takes JSON and forms', async () => {
      const json = await app.post('/auth/token/new', { client_id: 'j' }, MASTER);
      const form = await app.post('/auth/token/new', 'client_id=f', MASTER);
      const none = await app.post('/auth/token/new', undefined, MASTER);
      expect([json.status, form.status, none.status]).toEqual([200, 200, 200]);
      expect([json.body.data.client_id, form.body.data.client_id]).toEqual(['j', 'f']);
    });

    it.each([
      { client_id: ['a'] },
      { client_id: { a: 1 } },
      { client_id: 1 },
      { client_id: null },
      ['client_id'],
    ])('refuses the body %j with 422', async (body) => {
      const answer = await app.post('/auth/token/new', body, MASTER);
      expect(answer.status).toBe(422);
    });

    it('refuses a parameter in the query, where it would end up in logs', async () => {
      const answer = await app.post('/auth/token/new?client_id=x', undefined, MASTER);
      expect(answer.status).toBe(422);
      expect(answer.body.message).toContain('body');
    });
  });

  describe('/auth/token/refresh', () => {
    it('gives a new pair for a refresh token, by GET and by POST', async () => {
      const first = await app.issue('r');
      const second = await app.get(`/auth/token/refresh?refresh_token=${first.refresh_token}`);
      expect(second.status).toBe(200);
      expect(second.body).toMatchObject({ status: 'success', data: { client_id: 'r' } });
      expect(second.headers.get('cache-control')).toBe('no-store');
      const third = await app.post('/auth/token/refresh', { refresh_token: second.body.data.refresh_token });
      expect(third.status).toBe(200);
      expect((await whoami(first.access_token)).status).toBe(401);
      expect((await whoami(second.body.data.access_token)).status).toBe(401);
      expect((await whoami(third.body.data.access_token)).status).toBe(200);
    });

    it('answers 401 "Invalid refresh token" to what is none', async () => {
      const { access_token, refresh_token } = await app.issue('r');
      for (const token of ['garbage', access_token, `${refresh_token}x`, 'a.b.c']) {
        const answer = await app.post('/auth/token/refresh', { refresh_token: token });
        expect(answer.status).toBe(401);
        expect(answer.body).toMatchObject({ status: 'error', message: 'Invalid refresh token', code: 401 });
        expect(answer.text).not.toContain(token);
      }
    });

    it.each(['', '?refresh_token=a&refresh_token=b', '?refresh_token[]=a', '?refreshToken=a'])(
      'answers 422 to the query "%s"',
      async (query) => {
        const answer = await app.get(`/auth/token/refresh${query}`);
        expect(answer.status).toBe(422);
        expect(answer.body.details[0].parameter).toBe('refresh_token');
      },
    );

    it('answers 401 to an empty refresh token, as fastauth-api', async () => {
      const byQuery = await app.get('/auth/token/refresh?refresh_token=');
      const byBody = await app.post('/auth/token/refresh', { refresh_token: '' });
      for (const { status, body } of [byQuery, byBody]) {
        expect([status, body]).toEqual([
          401,
          { status: 'error', message: 'Invalid refresh token', code: 401 },
        ]);
      }
    });

    it('rotates nothing for HEAD', async () => {
      const { access_token, refresh_token } = await app.issue('h');
      const answer = await app.request('HEAD', `/auth/token/refresh?refresh_token=${refresh_token}`);
      expect(answer.status).toBe(405);
      expect((await whoami(access_token)).status).toBe(200);
    });
  });
});

describe.each(ADAPTERS)('the token endpoints on %s, configured otherwise', (adapter) => {
  it('move with auth-prefix and the global prefix', async () => {
    const app = await startApp({
      adapter,
      fastauth: { authPrefix: '/tokens' },
      configure: (nest) => nest.setGlobalPrefix('api'),
    });
    try {
      expect((await app.get('/api/tokens/token/new', MASTER)).status).toBe(200);
      expect((await app.get('/api/tokens/token/new')).status).toBe(401);
      expect((await app.get('/auth/token/new', MASTER)).status).toBe(404);
    } finally {
      await app.close();
    }
  });

  it('issue to anybody with public-token-issuance', async () => {
    const app = await startApp({ adapter, fastauth: { publicTokenIssuance: true } });
    try {
      expect((await app.get('/auth/token/new')).status).toBe(200);
    } finally {
      await app.close();
    }
  });

  it('are not there with tokenController: false', async () => {
    const app = await startApp({ adapter, fastauth: { tokenController: false } });
    try {
      expect((await app.get('/auth/token/new', MASTER)).status).toBe(404);
    } finally {
      await app.close();
    }
  });

  it('say that there is no key, and are closed without a master token', async () => {
    const app = await startApp({
      adapter,
      fastauth: { cryptographyKey: '', publicTokenIssuance: true },
      controllers: [RoutesController],
    });
    const closed = await startApp({ adapter, fastauth: { masterToken: '' } });
    try {
      const answer = await app.get('/auth/token/new');
      expect(answer.status).toBe(500);
      expect(answer.body).toMatchObject({ status: 'error', message: 'Crypto key not set', code: 500 });
      expect((await app.get('/auth/token/refresh?refresh_token=x')).body.message).toBe('Crypto key not set');
      for (const headers of [{}, { 'MASTER-TOKEN': '' }, { 'MASTER-TOKEN': 'undefined' }]) {
        expect((await closed.get('/auth/token/new', headers as Record<string, string>)).status).toBe(401);
      }
    } finally {
      await Promise.all([app.close(), closed.close()]);
    }
  });
});

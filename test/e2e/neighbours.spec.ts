import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { JsonChild } from '../support/child-process.js';
import { compile, type CompiledFiles } from '../support/compile.js';

const MASTER = { 'MASTER-TOKEN': 'm'.repeat(20) };

// The packages themselves, as applications have them.
describe('beside', () => {
  let files: CompiledFiles;
  let child: JsonChild;
  let urls: Record<string, string>;
  beforeAll(async () => {
    files = await compile('test/support/neighbour-apps.ts');
    child = new JsonChild(process.execPath, [files.entry]);
    urls = (await child.next()) as Record<string, string>;
  }, 60_000);
  afterAll(async () => {
    await child.end();
    files.remove();
  });

  const call = async (name: string, path: string, init: RequestInit = {}) => {
    const response = await fetch(urls[name] + path, init);
    // oxlint-disable-next-line typescript/no-explicit-any -- JSON of many endpoints; each test compares what it needs of it
    const body: any = await response.json().catch(() => undefined);
    return { status: response.status, headers: response.headers, body };
  };
  const bearer = async (name: string): Promise<Record<string, string>> => {
    const { body } = await call(name, '/auth/token/new', { headers: MASTER });
    return { authorization: `Bearer ${body.data.access_token}` };
  };

  describe('@nestjs/graphql', () => {
    const query = (name: string, field: string, headers: Record<string, string> = {}) =>
      call(name, '/graphql', {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify({ query: `{ ${field} }` }),
      });

    it('@Public() resolvers are open, and others are refused in a sentence', async () => {
      expect((await query('graphql', 'hello')).body).toEqual({ data: { hello: 'hi' } });
      const { body } = await query('graphql', 'me');
      expect(body.data).toBeNull();
      expect(body.errors[0]).toMatchObject({
        message: 'Invalid Access Token. Access Token is null',
        extensions: { code: 'UNAUTHENTICATED', fastauth: { code: 'missing_token' } },
      });
      expect((await query('graphql', 'me', await bearer('graphql'))).body).toEqual({ data: { me: 'me' } });
    });

    it('a path rule guards the endpoint as a whole', async () => {
      const name = 'graphql under a rule';
      expect((await query(name, 'hello')).status).toBe(401);
      expect((await query(name, 'hello', await bearer(name))).body).toEqual({ data: { hello: 'hi' } });
    });
  });

  describe.each(['helmet', 'helmet on fastify'])('%s', (name) => {
    it('refusals at the edge and answers of the endpoints have its headers', async () => {
      for (const [path, init, status] of [
        ['/reports/daily', {}, 401],
        ['/auth/token/new', {}, 401],
        ['/auth/token/new', { headers: MASTER }, 200],
        ['/.well-known/jwks.json', {}, 200],
      ] as const) {
        const answer = await call(name, path, init);
        expect([path, answer.status]).toEqual([path, status]);
        expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
        expect(answer.headers.get('content-security-policy')).toContain("default-src 'self'");
      }
    });
  });

  it('@fastify/cors: preflights pass, and refusals behind it have its headers', async () => {
    const origin = 'https://app.example.com';
    const preflight = await call('cors on fastify', '/reports/daily', {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': 'GET' },
    });
    const refusal = await call('cors on fastify', '/reports/daily', { headers: { origin } });
    expect([preflight.status, refusal.status]).toEqual([204, 401]);
    for (const { headers } of [preflight, refusal])
      expect(headers.get('access-control-allow-origin')).toBe(origin);
  });

  it('@nestjs/cache-manager: a global CacheInterceptor keeps no answer of a token endpoint', async () => {
    const get = (path: string) => call('cache', path, { headers: MASTER });
    const [first, second] = [await get('/reports/daily'), await get('/reports/daily')];
    expect([first.body, second.body]).toEqual([{ report: 1 }, { report: 1 }]);

    const { data: one } = (await get('/auth/token/new')).body;
    const { data: other } = (await get('/auth/token/new')).body;
    expect(one.client_id).not.toBe(other.client_id);
    const refresh = `/auth/token/refresh?refresh_token=${one.refresh_token}`;
    expect((await get(refresh)).status).toBe(200);
    const revoked = { method: 'POST', body: new URLSearchParams({ token: one.refresh_token }) };
    expect((await call('cache', '/auth/token/revoke', revoked)).status).toBe(200);
    expect((await get(refresh)).status).toBe(401);
  });

  it.each(['swagger', 'swagger on fastify'])(
    '%s: public-paths opens Swagger UI and its files under default-access, and nothing else',
    async (name) => {
      const status = async (path: string) => (await call(name, path)).status;
      const page = await fetch(`${urls[name]}/docs`);
      expect([page.status, await page.text()]).toEqual([200, expect.stringContaining('swagger-ui')]);
      expect(await status('/docs/swagger-ui.css')).toBe(200);
      const { body } = await call(name, '/docs-json');
      expect(body.paths['/who'].get.security).toEqual([{ AccessTokenHeader: [] }, { BearerAccessToken: [] }]);
      for (const path of ['/who', '/reports/daily', '/docs-yaml', '/Docs', '/doc'])
        expect([path, await status(path)]).toEqual([path, 401]);
    },
  );

  describe('@nestjs/throttler', () => {
    const statuses = async (name: string, path: string, init: RequestInit = {}): Promise<number[]> => {
      const answers: number[] = [];
      for (let n = 0; n < 5; n++) answers.push((await call(name, path, init)).status);
      return answers;
    };

    it.each(['throttler in the root module', 'throttler on fastify'])(
      '%s: its 429 at an endpoint stays as it is',
      async (name) => {
        const post = { method: 'POST', headers: MASTER };
        expect(await statuses(name, '/auth/token/new', post)).toEqual([200, 200, 200, 429, 429]);
        const { headers, body } = await call(name, '/auth/token/new', post);
        expect(headers.get('retry-after')).toMatch(/^\d+$/);
        expect(JSON.stringify(body)).toContain('ThrottlerException: Too Many Requests');
      },
    );

    it.each(['throttler under default-access', 'throttler under default-access on fastify'])(
      '%s: its 429 at an endpoint that is open stays as it is, too',
      async (name) => {
        expect(await statuses(name, '/.well-known/jwks.json')).toEqual([200, 200, 200, 429, 429]);
        expect(await statuses(name, '/auth/token/refresh?refresh_token=x')).toEqual([
          401, 401, 401, 429, 429,
        ]);
        expect(await statuses(name, '/nowhere')).toEqual([401, 401, 401, 401, 401]);
      },
    );

    it('counts what a decorator refuses in the root module, and nothing that the edge refuses', async () => {
      const name = 'throttler in the root module';
      expect(await statuses(name, '/who')).toEqual([401, 401, 401, 429, 429]);
      expect(await statuses(name, '/reports/daily')).toEqual([401, 401, 401, 401, 401]);
    });

    it('counts what was let in, in a module that is imported after FastauthModule', async () => {
      const name = 'throttler in a later module';
      const headers = await bearer(name);
      expect(await statuses(name, '/who')).toEqual([401, 401, 401, 401, 401]);
      expect(await statuses(name, '/who', { headers })).toEqual([200, 200, 200, 429, 429]);
    });

    it.each([
      'throttler by client',
      'throttler by client, fastauth last',
      'throttler by client on fastify',
      'throttler by client on fastify, fastauth last',
    ])('%s: counts by the client that our guard let in', async (name) => {
      const [one, other] = [{ headers: await bearer(name) }, { headers: await bearer(name) }];
      expect(await statuses(name, '/who')).toEqual([401, 401, 401, 401, 401]);
      expect(await statuses(name, '/who', one)).toEqual([200, 200, 200, 429, 429]);
      expect(await statuses(name, '/who', other)).toEqual([200, 200, 200, 429, 429]);
      expect(await statuses(name, '/reports/daily', one)).toEqual([200, 200, 200, 429, 429]);
    });
  });
});

import { Controller, Get } from '@nestjs/common';
import { afterEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { WebSocket } from 'ws';
import {
  AccessOnly,
  AnyOf,
  FastauthModule,
  MasterOnly,
  Scopes,
  useFastauthEdge,
  withFastauth,
} from '../../src/index.js';
import { ADAPTERS, startApp, type TestApp, type TestAppOptions } from '../support/app.js';
import { RoutesController } from '../support/routes.controller.js';

const ORIGIN = 'https://page.example.com';
const AT_ROOT = '/.well-known/oauth-protected-resource';

@Controller('things')
class ThingsController {
  @AccessOnly()
  @Get('access')
  access() {
    return {};
  }

  @Scopes('things:read')
  @Get('scoped')
  scoped() {
    return {};
  }

  @MasterOnly()
  @Get('master')
  master() {
    return {};
  }

  @AnyOf(MasterOnly(), Scopes('things:read'))
  @Get('any')
  any() {
    return {};
  }
}

describe.each(ADAPTERS)('RFC 9728, protected resource metadata, on %s', (adapter) => {
  const apps: TestApp[] = [];
  afterEach(async () => {
    for (const app of apps.splice(0)) await app.close();
  });
  const start = async (options: Omit<TestAppOptions, 'adapter'> = {}): Promise<TestApp> => {
    const app = await startApp({ adapter, controllers: [ThingsController, RoutesController], ...options });
    apps.push(app);
    return app;
  };
  const challengeAt = async (app: TestApp, path: string, headers: Record<string, string> = {}) =>
    (await app.get(path, headers)).headers.get('www-authenticate');

  it('2 tells which resource this is, who gives out tokens for it, and which scopes there are', async () => {
    const app = await start({
      fastauth: {
        resourceIdentifier: 'https://api.example.com',
        issuer: 'https://auth.example.com',
        scopes: { 'things:read': 'Read things' },
      },
    });
    const answer = await app.get(AT_ROOT);
    expect([answer.status, answer.body]).toEqual([
      200,
      {
        resource: 'https://api.example.com',
        authorization_servers: ['https://auth.example.com'],
        scopes_supported: ['things:read'],
        bearer_methods_supported: ['header'],
      },
    ]);
    expect(answer.headers.get('content-type')).toMatch(/^application\/json/);
    expect((await app.get('/.well-known/oauth-authorization-server')).body.protected_resources).toEqual([
      'https://api.example.com',
    ]);
  });

  it('2 leaves out what is not known, and names other issuers where they are given', async () => {
    const app = await start({ fastauth: { resourceIdentifier: 'https://api.example.com/' } });
    expect((await app.get(AT_ROOT)).body).toEqual({
      resource: 'https://api.example.com/',
      bearer_methods_supported: ['header'],
    });
    const other = await start({
      fastauth: {
        resourceIdentifier: 'https://api.example.com',
        issuer: 'https://auth.example.com',
        authorizationServers: ['https://login.example.com'],
      },
    });
    expect((await other.get(AT_ROOT)).body.authorization_servers).toEqual(['https://login.example.com']);
  });

  it('3.1 puts the path of the resource behind, whatever the global prefix is', async () => {
    const app = await start({
      fastauth: { resourceIdentifier: 'https://api.example.com/v1/orders' },
      configure: (nest) => void nest.setGlobalPrefix('api'),
    });
    expect((await app.get(`${AT_ROOT}/v1/orders`)).body.resource).toBe('https://api.example.com/v1/orders');
    // It would be another resource's.
    for (const path of [AT_ROOT, `/api${AT_ROOT}/v1/orders`, `${AT_ROOT}/v1`])
      expect((await app.get(path)).status).toBe(404);
  });

  it('3 is not there unless it is configured, and open where all else is closed', async () => {
    const app = await start();
    expect((await app.get(AT_ROOT)).status).toBe(404);
    const closed = await start({
      fastauth: {
        resourceIdentifier: 'https://api.example.com',
        defaultAccess: 'access',
        accessTokenPaths: ['/'],
      },
    });
    expect((await closed.get(AT_ROOT)).status).toBe(200);
  });

  it.each([
    'api.example.com',
    'http://api.example.com',
    'https://api.example.com#a',
    'https://api.example.com?a=b',
    'https://api.example.com/orders/',
    'https://api.example.com/:id',
    'https://api.example.com/a/../b',
    'https://user@api.example.com',
    'https://API.example.com',
    'https://api.example.com:443',
  ])('1.2 refuses %s as an identifier', async (resourceIdentifier) => {
    await expect(start({ fastauth: { resourceIdentifier } })).rejects.toThrow(/resource-?identifier/i);
  });

  describe('5.1, the challenge', () => {
    const METADATA = `resource_metadata="https://api.example.com${AT_ROOT}/v1"`;
    const fastauth = {
      resourceIdentifier: 'https://api.example.com/v1',
      masterTokenPaths: ['/master'],
      accessTokenPaths: ['/access'],
    };

    it('names the metadata where an access token would help, with 401 and 403', async () => {
      const app = await start({ fastauth });
      const { access_token: token } = await app.issue('a');
      for (const path of [
        '/things/access',
        '/things/scoped',
        '/things/any',
        '/access/whoami',
        '/access/none',
      ]) {
        expect([path, await challengeAt(app, path)]).toEqual([path, expect.stringContaining(METADATA)]);
        expect(await challengeAt(app, path, { 'ACCESS-TOKEN': 'bad' })).toContain(METADATA);
      }
      const answer = await app.get('/things/scoped', { authorization: `Bearer ${token}` });
      expect(answer.status).toBe(403);
      expect(answer.headers.get('www-authenticate')).toBe(
        'Bearer realm="fastauth", error="insufficient_scope", ' +
          `error_description="The access token lacks a scope that this needs", scope="things:read", ${METADATA}`,
      );
    });

    it('never names it where only the master token opens', async () => {
      const app = await start({ fastauth });
      const { access_token: token } = await app.issue('a');
      for (const path of ['/things/master', '/master/whoami', '/master/none', '/auth/token/new']) {
        for (const headers of [{}, { 'MASTER-TOKEN': 'bad' }, { 'ACCESS-TOKEN': token }] as Record<
          string,
          string
        >[]) {
          const challenge = await challengeAt(app, path, headers);
          expect([path, challenge]).toEqual([path, expect.stringMatching(/^Bearer realm="fastauth"/)]);
          expect(challenge).not.toContain('resource_metadata');
          expect(challenge).not.toContain('scope');
        }
      }
    });

    it('names it nowhere unless it is configured, nor with 400', async () => {
      const app = await start();
      expect(await challengeAt(app, '/things/access')).toBe('Bearer realm="fastauth"');
      const configured = await start({ fastauth });
      const { authorization } = { authorization: 'Bearer a' };
      const answer = await configured.get('/things/access', { authorization, 'ACCESS-TOKEN': 'a' });
      expect(answer.status).toBe(400);
      expect(answer.headers.get('www-authenticate')).not.toContain('resource_metadata');
    });

    it('names it in refused upgrades', async () => {
      const app = await start({ fastauth });
      const socket = new WebSocket(`${app.url.replace('http', 'ws')}/access/socket`);
      const [, response] = (await once(socket, 'unexpected-response')) as [
        unknown,
        { headers: Record<string, string> },
      ];
      expect(response.headers['www-authenticate']).toContain(METADATA);
      socket.on('error', () => undefined).terminate();
    });
  });

  describe('5.1, in browsers', () => {
    const exposed = async (
      app: TestApp,
      path: string,
      headers: Record<string, string> = { origin: ORIGIN },
    ) => (await app.get(path, headers)).headers.get('access-control-expose-headers');
    const fastauth = { accessTokenPaths: ['/access'] };
    const cors = (exposedHeaders?: string[]) => (nest: TestApp['app']) => {
      nest.enableCors({ origin: ORIGIN, ...(exposedHeaders ? { exposedHeaders } : {}) });
      useFastauthEdge(nest);
    };

    it('a page may read the challenge where the application lets it read the answer', async () => {
      const app = await start({ fastauth, configure: cors() });
      for (const path of [
        '/things/access',
        '/things/master',
        '/access/whoami',
        '/access/none',
        '/auth/token/new',
      ])
        expect([path, await exposed(app, path)]).toEqual([path, 'WWW-Authenticate']);
    });

    it('what the application exposes stays exposed, once', async () => {
      const app = await start({ fastauth, configure: cors(['X-Total', 'X-Page']) });
      for (const path of ['/things/access', '/access/none', '/auth/token/new']) {
        const names = (await exposed(app, path))?.split(/, ?/);
        expect(names).toEqual(['X-Total', 'X-Page', 'WWW-Authenticate']);
      }
      const same = await start({ fastauth, configure: cors(['www-authenticate']) });
      expect(await exposed(same, '/things/access')).toBe('www-authenticate');
    });

    it('answers that are no refusals are left alone, and so are applications without CORS', async () => {
      const app = await start({ fastauth, configure: cors() });
      const { access_token: token } = await app.issue('a');
      expect(await exposed(app, '/things/access', { origin: ORIGIN, 'ACCESS-TOKEN': token })).toBeNull();
      const without = await start({ fastauth });
      for (const path of ['/things/access', '/access/none']) expect(await exposed(without, path)).toBeNull();
    });
  });

  it('is served by a resource server, which names the issuers that it trusts', async () => {
    const app = await start({
      module: FastauthModule.forResourceServer({
        configFile: false,
        envFile: false,
        resourceIdentifier: 'https://orders.example.com/v1',
        issuers: [
          { issuer: 'https://one.example.com', audience: 'a', jwksUri: 'https://127.0.0.1:1/jwks' },
          { issuer: 'https://two.example.com', audience: 'a', jwksUri: 'https://127.0.0.1:1/jwks' },
        ],
      }),
      configure: (nest) => void nest.setGlobalPrefix('api'),
    });
    expect((await app.get(`${AT_ROOT}/v1`)).body).toEqual({
      resource: 'https://orders.example.com/v1',
      authorization_servers: ['https://one.example.com', 'https://two.example.com'],
      bearer_methods_supported: ['header'],
    });
    expect(await challengeAt(app, '/api/things/access')).toBe(
      `Bearer realm="fastauth", resource_metadata="https://orders.example.com${AT_ROOT}/v1"`,
    );
    for (const path of [
      '/.well-known/jwks.json',
      '/.well-known/oauth-authorization-server',
      '/api/auth/token/new',
    ])
      expect((await app.get(path)).status).toBe(404);
  });

  it('is found by a standard client', async () => {
    const app = await start({ fastauth: { resourceIdentifier: 'https://api.example.com/v1' } });
    const oauth = await import('oauth4webapi');
    const resource = new URL('https://api.example.com/v1');
    const response = await oauth.resourceDiscoveryRequest(resource, {
      [oauth.customFetch]: (url: string) => {
        expect(url).toBe(`https://api.example.com${AT_ROOT}/v1`);
        return fetch(app.url + new URL(url).pathname);
      },
    });
    expect(await oauth.processResourceDiscoveryResponse(resource, response)).toMatchObject({
      resource: 'https://api.example.com/v1',
    });
  });

  it('is part of the OpenAPI document', async () => {
    const app = await start({ fastauth: { resourceIdentifier: 'https://api.example.com' } });
    const { DocumentBuilder, SwaggerModule } = await import('@nestjs/swagger');
    const base = new DocumentBuilder().setTitle('Test').setVersion('1').build();
    const document = withFastauth(app.app, SwaggerModule.createDocument(app.app, base));
    expect(document.paths[AT_ROOT]?.get).toMatchObject({
      operationId: 'getProtectedResourceMetadata',
      security: [],
    });
  });
});

// Path rules in whole applications: whoever asks them early, however modules are nested, and beside our own endpoints.
import {
  Controller,
  Delete,
  Get,
  Injectable,
  type INestApplication,
  Module,
  VersioningType,
} from '@nestjs/common';
import { RouterModule } from '@nestjs/core';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { afterEach, describe, expect, it } from '@jest/globals';
import { AccessPolicy, withFastauth } from '../../src/index.js';
import { ADAPTERS, MASTER_TOKEN, startApp, type TestApp } from '../support/app.js';
import { rawRequest } from '../support/raw-request.js';

const MASTER = { 'MASTER-TOKEN': MASTER_TOKEN };

@Controller('admin')
class AdminController {
  @Get('stats')
  stats() {
    return 'SECRET';
  }
}

@Module({ controllers: [AdminController] })
class AdminModule {}

@Injectable()
class Nosy {
  constructor(policy: AccessPolicy) {
    policy.requirementOfTarget('/whatever');
    policy.requirementOfPattern('/api/admin/stats');
  }
}

@Controller()
class NearbyController {
  @Delete('auth/token/new')
  remove() {
    return 'SECRET';
  }

  @Get('auth/:one/:two/:three')
  deep() {
    return 'SECRET';
  }
}

interface Outside {
  get(path: string, handler: (request: unknown, response: { send(text: string): void }) => void): void;
}

describe.each(ADAPTERS)('path rules on %s', (adapter) => {
  let app: TestApp | undefined;
  afterEach(async () => app?.close());

  const document = (it: INestApplication) =>
    withFastauth(it, SwaggerModule.createDocument(it, new DocumentBuilder().build()));
  const prefixed = (it: INestApplication): void => void it.setGlobalPrefix('api');
  const versioned = (it: INestApplication): void =>
    void it.enableVersioning({ type: VersioningType.URI, defaultVersion: '1' });

  it.each([
    ['a document before setGlobalPrefix()', '/api', document, prefixed, []],
    ['a document before enableVersioning()', '/v1', document, versioned, []],
    ['a provider that asks in its constructor', '/api', () => undefined, prefixed, [Nosy]],
  ] as const)('hold whoever asked them early: %s', async (_, base, early, later, providers) => {
    app = await startApp({
      adapter,
      controllers: [AdminController],
      providers: [...providers],
      fastauth: { masterTokenPaths: ['/admin'] },
      configure: (it) => {
        early(it);
        later(it);
        const outside = it.getHttpAdapter().getInstance() as Outside;
        outside.get(`${base}/admin/raw`, (_request, response) => void response.send('SECRET'));
      },
    });
    for (const path of ['stats', 'raw', 'none']) {
      expect((await app.get(`${base}/admin/${path}`)).status).toBe(401);
    }
    expect((await app.get(`${base}/admin/stats`, MASTER)).text).toBe('SECRET');
  });

  it('hold for the routes as they are registered when a prefix is set too late, and with that prefix', async () => {
    app = await startApp({
      adapter,
      controllers: [AdminController],
      fastauth: { masterTokenPaths: ['/admin'] },
      configure: prefixed,
    });
    expect((await app.get('/api/admin/stats')).status).toBe(401);
    app.app.setGlobalPrefix('late');
    for (const path of ['/api/admin/stats', '/late/admin/stats', '/admin/stats']) {
      expect((await app.get(path)).status).toBe(401);
    }
  });

  it.each(['/admin', '/inner/admin', '/middle/inner/admin', '/outer/middle/inner/admin'])(
    'hold for nested modules with any end of their path: %s',
    async (rule) => {
      app = await startApp({
        adapter,
        imports: [
          AdminModule,
          RouterModule.register([
            {
              path: 'outer',
              children: [{ path: 'middle', children: [{ path: 'inner', module: AdminModule }] }],
            },
          ]),
        ],
        fastauth: { masterTokenPaths: [rule] },
        configure: prefixed,
      });
      const path = '/api/outer/middle/inner/admin/stats';
      expect((await app.get(path)).status).toBe(401);
      expect((await app.get(path, MASTER)).status).toBe(200);
    },
  );

  describe('beside our own endpoints', () => {
    const start = async (rule: string): Promise<TestApp> =>
      (app = await startApp({
        adapter,
        controllers: [AdminController, NearbyController],
        fastauth: { accessTokenPaths: [rule] },
        configure: prefixed,
      }));

    it.each(['/', '/api', '/api/*'])('%s adds nothing to them, and guards all else', async (rule) => {
      const { get, post, request, url } = await start(rule);
      const issued = await get('/api/auth/token/new?client_id=c', MASTER);
      expect(issued.status).toBe(200);
      expect((await get('/api/auth/token/new')).body.code).toBe('missing_token');
      const { refresh_token } = issued.body.data;
      const refreshed = await post('/api/auth/token/refresh', { refresh_token });
      expect(refreshed.status).toBe(200);
      expect((await post('/api/auth/token/revoke', { token: refresh_token })).status).toBe(200);

      expect((await get('/api/admin/stats')).status).toBe(401);
      expect((await request('DELETE', '/api/auth/token/new')).status).toBe(401);
      for (const target of [
        '/api/auth/token/new/../../../admin/stats',
        '/api/auth/token/..;/admin',
        '/api/auth/token/new/',
        '/api/auth/token/new/x',
        '/api/auth/a/b/c',
        '/api/auth/token/%6eew',
      ]) {
        const answer = await rawRequest(url, 'GET', target);
        expect({ target, status: answer.status }).toEqual({ target, status: 401 });
      }
    });

    it.each(['/auth', '/api/auth', '/auth/token', '/auth*'])('%s adds to them what it asks', async (rule) => {
      const { get } = await start(rule);
      const answer = await get('/api/auth/token/new', MASTER);
      expect([answer.status, answer.body.detail]).toEqual([
        401,
        'Invalid Access Token. Access Token is null',
      ]);
    });

    it('/ adds nothing to the JWK Set', async () => {
      const { get } = await start('/');
      const found = await Promise.all(
        ['/.well-known/jwks.json', '/api/.well-known/jwks.json'].map((path) => get(path)),
      );
      expect(found.map(({ status }) => status)).toContain(200);
    });

    it('whoever else answers in their place is held to the rule', async () => {
      app = await startApp({
        adapter,
        fastauth: { accessTokenPaths: ['/'] },
        configure: (it) =>
          void it.use((request: { url: string }, response: { end(text: string): void }, next: () => void) =>
            request.url.includes('page') ? response.end('SECRET') : next(),
          ),
      });
      const shadowed = await app.get('/auth/token/new?page', MASTER);
      expect([shadowed.status, shadowed.text.includes('SECRET')]).toEqual([401, false]);
      expect((await app.get('/auth/token/new', MASTER)).status).toBe(200);
      expect((await app.post('/auth/token/refresh', {})).status).toBe(422);
    });

    it('OpenAPI tells what they ask', async () => {
      const { app: nest } = await start('/');
      const { paths } = withFastauth(
        nest,
        SwaggerModule.createDocument(nest, new DocumentBuilder().build()),
      ) as unknown as { paths: Record<string, Record<string, { security: unknown }>> };
      expect(paths['/api/auth/token/new']?.['get']?.security).toEqual([{ MasterTokenHeader: [] }]);
      expect(paths['/api/auth/token/refresh']?.['post']?.security).toEqual([]);
      expect(paths['/api/admin/stats']?.['get']?.security).toHaveLength(2);
    });
  });
});

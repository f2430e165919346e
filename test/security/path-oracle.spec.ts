// A differential oracle: each request goes to an application without rules and to the same one with rules. Wherever
// the first shows protected content, the second must answer 401, unless the token comes that the plain path needs.
import {
  Controller,
  Get,
  type INestApplication,
  Module,
  Param,
  Version,
  VersioningType,
} from '@nestjs/common';
import { RouterModule } from '@nestjs/core';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MASTER_TOKEN, startApp, type AdapterName, type TestApp } from '../support/app.js';
import { spelling } from '../support/path-spelling.js';
import { rawRequest } from '../support/raw-request.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';

const RUNS = Number(process.env['FASTAUTH_FUZZ_RUNS'] ?? 250);

const PROTECTED = /PROTECTED-(ACCESS|MASTER)/;
const contentOf = (section: string): string =>
  /^(?:access|master)$/i.test(section) ? `PROTECTED-${section.toUpperCase()}` : 'OPEN';

@Controller()
class Routes {
  @Get('access/health')
  access() {
    return contentOf('access');
  }

  @Get('access/:id/deep')
  deep() {
    return contentOf('access');
  }

  @Get('access/tree/*')
  tree() {
    return contentOf('access');
  }

  @Get(['master/health', 'alias/of/master'])
  master() {
    return contentOf('master');
  }

  @Get(':section/param')
  param(@Param('section') section: string) {
    return contentOf(section);
  }

  @Get('accessories')
  accessories() {
    return 'OPEN';
  }

  @Version('2')
  @Get('access/versioned')
  versioned() {
    return contentOf('access');
  }
}

@Controller('inner')
class MountedRoutes {
  @Get('health')
  health() {
    return contentOf('access');
  }
}

@Module({ controllers: [MountedRoutes] })
class MountedModule {}

/** What sits where Nest's guards do not see it. */
interface Outside {
  get(path: string, handler: (request: unknown, response: { send(text: string): void }) => void): void;
}

interface Shape {
  readonly name: string;
  readonly adapter: AdapterName;
  readonly fastifyOptions?: object;
  readonly globalPrefix?: string;
  readonly versioned?: boolean;
}

const LAX = {
  routerOptions: {
    caseSensitive: false,
    ignoreTrailingSlash: true,
    ignoreDuplicateSlashes: true,
    useSemicolonDelimiter: true,
  },
};

const SHAPES: Shape[] = [
  { name: 'Express', adapter: 'express' },
  { name: 'Express, prefix and versions', adapter: 'express', globalPrefix: 'api', versioned: true },
  { name: 'Fastify', adapter: 'fastify' },
  { name: 'Fastify, prefix and versions', adapter: 'fastify', globalPrefix: 'api', versioned: true },
  { name: 'lax Fastify', adapter: 'fastify', fastifyOptions: LAX },
  {
    name: 'lax Fastify, prefix and versions',
    adapter: 'fastify',
    fastifyOptions: LAX,
    globalPrefix: 'api',
    versioned: true,
  },
];

describe.each(SHAPES)('paths on $name', ({ adapter, fastifyOptions, globalPrefix, versioned }) => {
  let open: TestApp;
  let guarded: TestApp;
  /** Of the scope, of operators, and of another scope. */
  let tokens: Record<'ACCESS' | 'MASTER' | 'POOR', Record<string, string>>;

  beforeAll(async () => {
    const files = temporaryFolder();
    writeFileSync(join(files, 'file.txt'), 'PROTECTED-ACCESS');
    const options = {
      adapter,
      controllers: [Routes],
      imports: [MountedModule, RouterModule.register([{ path: 'access/mounted', module: MountedModule }])],
      ...(fastifyOptions ? { fastifyOptions } : {}),
      configure: (app: INestApplication) => {
        if (globalPrefix) app.setGlobalPrefix(globalPrefix);
        if (versioned) app.enableVersioning({ type: VersioningType.URI, defaultVersion: '1' });
        const outside = app.getHttpAdapter().getInstance() as Outside;
        outside.get('/access/raw', (_request, response) => void response.send('PROTECTED-ACCESS'));
        const statics = app as unknown as { useStaticAssets(...args: unknown[]): void };
        if (adapter === 'express') statics.useStaticAssets(files, { prefix: '/access/static' });
        else statics.useStaticAssets({ root: files, prefix: '/access/static/' });
        SwaggerModule.setup(
          'master/docs',
          app,
          () => SwaggerModule.createDocument(app, new DocumentBuilder().setTitle('PROTECTED-MASTER').build()),
          { customSiteTitle: 'PROTECTED-MASTER' },
        );
      },
    };
    open = await startApp(options);
    guarded = await startApp({
      ...options,
      fastauth: {
        sessionsPerClient: 'unlimited',
        accessTokenPaths: ['/access', { path: '/access', scopes: ['things'] }],
        masterTokenPaths: ['/master', '/alias/*/master'],
      },
    });
    // No version applies to the token endpoints.
    const prefix = globalPrefix ? `/${globalPrefix}` : '';
    const master = { 'MASTER-TOKEN': MASTER_TOKEN };
    const issued = await guarded.post(`${prefix}/auth/token/new`, 'scope=things', master);
    const poor = await guarded.post(`${prefix}/auth/token/new`, 'scope=thing', master);
    tokens = {
      ACCESS: { 'ACCESS-TOKEN': issued.body.data.access_token },
      MASTER: master,
      POOR: { 'ACCESS-TOKEN': poor.body.data.access_token },
    };
  });
  afterAll(async () => {
    await Promise.all([open.close(), guarded.close()]);
    removeTemporaryFolders();
  });

  const base = globalPrefix ? `/${globalPrefix}${versioned ? '/v1' : ''}` : '';
  const plainPaths = [
    ...[
      '/access/health',
      '/access/7/deep',
      '/access/tree/a/b',
      '/access/param',
      '/access/mounted/inner/health',
    ].map((path) => base + path),
    ...['/master/health', '/alias/of/master', '/master/param'].map((path) => base + path),
    ...(versioned ? [`/${globalPrefix}/v2/access/versioned`] : []),
    '/access/raw',
    '/access/static/file.txt',
    '/master/docs',
    '/master/docs-json',
  ];

  it.each(plainPaths)('the plain path %s shows protected content, to its token alone', async (path) => {
    const unguarded = await rawRequest(open.url, 'GET', path);
    const level = levelOf(unguarded.body);
    expect([unguarded.status, level]).toEqual([200, expect.any(String)]);
    const without = await rawRequest(guarded.url, 'GET', path);
    expect([without.status, levelOf(without.body)]).toEqual([401, undefined]);
    const other = await rawRequest(
      guarded.url,
      'GET',
      path,
      tokens[level === 'ACCESS' ? 'MASTER' : 'ACCESS'],
    );
    expect([other.status, levelOf(other.body)]).toEqual([401, undefined]);
    const poor = await rawRequest(guarded.url, 'GET', path, tokens.POOR);
    expect([poor.status, levelOf(poor.body)]).toEqual([level === 'ACCESS' ? 403 : 401, undefined]);
    const { status } = await rawRequest(guarded.url, 'GET', path, tokens[level as 'ACCESS' | 'MASTER']);
    expect(status).toBe(200);
  });

  it.each([`${base}/accessories`, `${base}/other/param`])('%s stays open', async (path) => {
    const answer = await rawRequest(guarded.url, 'GET', path);
    expect([answer.status, answer.body.includes('OPEN')]).toEqual([200, true]);
  });

  it('an unknown path under a rule is 401 without the token and 404 with it', async () => {
    const path = `${base}/access/no/such/path`;
    expect((await rawRequest(guarded.url, 'GET', path)).status).toBe(401);
    expect((await rawRequest(guarded.url, 'GET', path, tokens.ACCESS)).status).toBe(404);
  });

  it(
    'no spelling reaches protected content without the token that the plain path needs',
    async () => {
      let reached = 0;
      await fc.assert(
        fc.asyncProperty(
          fc.constantFrom(...plainPaths),
          fc.oneof(
            { weight: 4, arbitrary: spelling() },
            { weight: 1, arbitrary: fc.constant((path: string) => path) },
          ),
          fc.constantFrom('GET', 'GET', 'GET', 'HEAD', 'POST'),
          smuggledHeaders(),
          async (path, spell, method, headers) => {
            const target = spell(path);
            const unguarded = await rawRequest(open.url, method, target, headers);
            const plainLevel = path.includes('master') ? 'MASTER' : 'ACCESS';
            const isReached =
              method === 'HEAD' ? unguarded.status === 200 : levelOf(unguarded.body) !== undefined;
            if (!isReached) return;
            reached++;
            const level = levelOf(unguarded.body) ?? plainLevel;
            for (const [sent, statuses] of [
              [{}, [401]],
              [tokens[level === 'ACCESS' ? 'MASTER' : 'ACCESS'], [401]],
              // Of a path that may be read in two ways, all that either asks is needed.
              [tokens.POOR, level === 'ACCESS' ? [403, 401] : [401]],
            ] as const) {
              const { status, body } = await rawRequest(guarded.url, method, target, { ...headers, ...sent });
              expect({ target, method, isRefused: statuses.some((each) => each === status), status }).toEqual(
                {
                  target,
                  method,
                  isRefused: true,
                  status,
                },
              );
              expect(levelOf(body)).toBeUndefined();
            }
            const answer = await rawRequest(guarded.url, method, target, {
              ...headers,
              ...tokens.ACCESS,
              ...tokens.MASTER,
            });
            expect({ target, status: answer.status }).toEqual({ target, status: unguarded.status });
          },
        ),
        { numRuns: RUNS },
      );
      // Otherwise the property would have been about nothing.
      expect(reached).toBeGreaterThan(RUNS / 10);
    },
    60_000 + RUNS * 20,
  );

  it(
    'no arbitrary target shows protected content',
    async () => {
      const character = fc.oneof(
        fc.constantFrom(...'/\\.;%?#:@*~&=+aAcCeEsSmMtTrRhH'),
        fc.constantFrom(
          'access',
          'master',
          '%2f',
          '%5c',
          '%2e',
          '..',
          'http://',
          '/access/health',
          '/master',
        ),
      );
      await fc.assert(
        fc.asyncProperty(fc.array(character, { maxLength: 12 }), async (parts) => {
          const { status, body } = await rawRequest(guarded.url, 'GET', parts.join('') || '/');
          expect({ parts, content: levelOf(body), isFault: status >= 500 }).toEqual({
            parts,
            content: undefined,
            isFault: false,
          });
        }),
        { numRuns: RUNS },
      );
    },
    60_000 + RUNS * 20,
  );
});

function levelOf(body: string): 'ACCESS' | 'MASTER' | undefined {
  return PROTECTED.exec(body)?.[1] as 'ACCESS' | 'MASTER' | undefined;
}

/** Headers by which some servers take a request for another one. */
function smuggledHeaders(): fc.Arbitrary<Record<string, string>> {
  return fc.constantFrom<Record<string, string>[]>(
    {},
    {},
    { 'X-Original-URL': '/health' },
    { 'X-Rewrite-URL': '/health' },
    { 'X-HTTP-Method-Override': 'OPTIONS' },
    { 'X-Forwarded-Prefix': '/x', 'X-Forwarded-Host': 'elsewhere' },
    { Host: 'elsewhere/health' },
    { Origin: 'https://elsewhere.example', 'Access-Control-Request-Method': 'GET' },
  );
}

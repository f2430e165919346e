import { Controller, Get, Logger, Module, Version, VersioningType } from '@nestjs/common';
import { RouterModule } from '@nestjs/core';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import * as oauth from 'oauth4webapi';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { FastauthModule, Public, TokenController, withFastauth } from '../../src/index.js';
import { ADAPTERS, MASTER_TOKEN, startApp, type TestApp, type TestAppOptions } from '../support/app.js';

const MASTER = { 'MASTER-TOKEN': MASTER_TOKEN };
const METADATA = '/.well-known/oauth-authorization-server';
const KEYS = '/.well-known/jwks.json';

describe.each(ADAPTERS)('where the endpoints of fastauth are, on %s', (adapter) => {
  let app: TestApp | undefined;
  afterEach(() => app?.close());
  const start = async (options: Omit<TestAppOptions, 'adapter'>): Promise<TestApp> =>
    (app = await startApp({ adapter, ...options }));
  const statusOf = async (path: string): Promise<number | undefined> => (await app?.get(path))?.status;

  it.each([
    ['api', undefined],
    ['api', { exclude: ['health', 'docs/*path'] }],
    ['api', { exclude: ['.well-known/*path'] }],
    ['/a/b/', undefined],
  ])(
    'the well-known ones at the root of the origin, under the prefix %j with %j',
    async (prefix, options) => {
      await start({
        fastauth: { issuer: 'https://auth.example.com' },
        configure: (nest) => void nest.setGlobalPrefix(prefix, options),
      });
      const below = `/${prefix.replaceAll(/^\/|\/$/g, '')}`;
      expect([await statusOf(METADATA), await statusOf(KEYS)]).toEqual([200, 200]);
      expect([await statusOf(below + METADATA), await statusOf(below + KEYS)]).toEqual([404, 404]);
      expect((await app?.get(`${below}/auth/token/new`, MASTER))?.status).toBe(200);
      expect((await app?.get('/auth/token/new', MASTER))?.status).toBe(404);
    },
  );

  it('the metadata also with the path of the issuer behind (RFC 8414 section 3.1)', async () => {
    const issuer = 'https://auth.example.com/tenants/acme/';
    await start({ fastauth: { issuer }, configure: (nest) => void nest.setGlobalPrefix('api') });
    const { status, body } = await (app as TestApp).get(`${METADATA}/tenants/acme`);
    expect([status, body.issuer]).toEqual([200, issuer]);
    expect([await statusOf(METADATA), await statusOf(`${METADATA}/tenants/other`)]).toEqual([200, 404]);
  });

  it('are found by a standard client', async () => {
    const issuer = new URL('https://auth.example.com/tenants/acme');
    const { url } = await start({
      fastauth: { issuer: issuer.href },
      configure: (nest) => void nest.setGlobalPrefix('api'),
    });
    const response = await oauth.discoveryRequest(issuer, {
      algorithm: 'oauth2',
      [oauth.customFetch]: (target, { headers }) => fetch(target.replace(issuer.origin, url), { headers }),
    });
    expect(await oauth.processDiscoveryResponse(issuer, response)).toMatchObject({ issuer: issuer.href });
  });

  it('an application may have metadata of its own, where no issuer is set', async () => {
    @Controller('.well-known')
    class OwnController {
      @Get('oauth-authorization-server')
      metadata() {
        return { issuer: 'https://elsewhere.example.com' };
      }
    }
    await start({ controllers: [OwnController] });
    expect((await (app as TestApp).get(METADATA)).body).toEqual({ issuer: 'https://elsewhere.example.com' });
  });

  it('an issuer whose path no route can have is told so at start', async () => {
    const warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => {});
    await start({ fastauth: { issuer: 'https://auth.example.com/a:b' } });
    expect(warn.mock.calls.flat()).toContainEqual(
      expect.stringContaining(`at ${METADATA}/a:b, and no route`),
    );
    warn.mockRestore();
    expect(await statusOf(METADATA)).toBe(200);
  });

  it('is not for RouterModule to say, which would move the well-known ones', async () => {
    const starting = startApp({
      adapter,
      imports: [RouterModule.register([{ path: 'v1', children: [FastauthModule] }])],
    });
    await expect(starting).rejects.toThrow(
      'RouterModule gives FastauthModule a path, which would move /.well-known',
    );
  });

  describe('with routes that a TokenController of the application adds', () => {
    class OwnTokenController extends TokenController {
      @Get('token/peek')
      @Public()
      peek() {
        return { peeked: true };
      }

      @Version('2')
      @Get('token/second')
      @Public()
      second() {
        return { second: true };
      }
    }

    it('have no version, and those have the application’s', async () => {
      await start({
        fastauth: { tokenController: OwnTokenController },
        configure: (nest) => nest.enableVersioning({ type: VersioningType.URI, defaultVersion: '1' }),
      });
      expect((await (app as TestApp).get('/auth/token/new', MASTER)).status).toBe(200);
      expect((await (app as TestApp).get('/v1/auth/token/new', MASTER)).status).toBe(404);
      expect((await (app as TestApp).get('/v1/auth/token/peek')).body).toEqual({ peeked: true });
      expect((await (app as TestApp).get('/v2/auth/token/second')).body).toEqual({ second: true });
    });
  });

  it('are told by the OpenAPI document, one made before the application is ready included', async () => {
    let early: Record<string, unknown> = {};
    await start({
      fastauth: { issuer: 'https://auth.example.com' },
      configure: (nest) => {
        nest.setGlobalPrefix('api');
        nest.enableVersioning({ type: VersioningType.URI, defaultVersion: '1' });
        early = withFastauth(nest, SwaggerModule.createDocument(nest, new DocumentBuilder().build())).paths;
      },
    });
    const late = withFastauth(
      (app as TestApp).app,
      SwaggerModule.createDocument((app as TestApp).app, new DocumentBuilder().build()),
    ).paths;
    for (const paths of [early, late]) {
      expect(Object.keys(paths).sort()).toEqual([
        KEYS,
        METADATA,
        '/api/auth/token/introspect',
        '/api/auth/token/new',
        '/api/auth/token/refresh',
        '/api/auth/token/revoke',
      ]);
    }
  });
});

describe('a route of the application that covers endpoints of fastauth', () => {
  @Controller()
  class PagesController {
    @Public()
    @Get('*page')
    page() {
      return 'page';
    }
  }
  @Controller()
  class FastifyPagesController {
    @Public()
    @Get('*')
    page() {
      return 'page';
    }
  }
  @Module({ controllers: [PagesController] })
  class PagesModule {}

  const start = async (options: Partial<TestAppOptions>): Promise<[TestApp, string[]]> => {
    const warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => {});
    const app = await startApp({
      adapter: 'express',
      fastauth: { issuer: 'https://auth.example.com' },
      ...options,
    });
    const said = warn.mock.calls.flat().filter((line) => String(line).includes('is not reached'));
    warn.mockRestore();
    return [app, said as string[]];
  };

  it('is named at start where it answers in their place', async () => {
    const [app, said] = await start({ controllers: [PagesController] });
    const covered = ['/auth/token/new', '/auth/token/refresh', KEYS, METADATA];
    expect(said.map((line) => line.slice(0, line.indexOf(':')))).toEqual(
      covered.map((path) => `GET ${path} is not reached`),
    );
    expect(said[0]).toContain('GET /*page of PagesController is registered before it');
    for (const path of covered) expect((await app.get(path, MASTER)).text).toBe('page');
    expect((await app.post('/auth/token/new', '', MASTER)).body.status).toBe('success');
    await app.close();
  });

  it('is named with less weight where it is bound to a host', async () => {
    @Controller({ host: 'pages.example.com' })
    class HostController extends PagesController {}
    const [app, said] = await start({ controllers: [HostController] });
    expect(said[0]).toContain('GET /auth/token/new is not reached by every host and version: GET /*page');
    expect((await app.get('/auth/token/new', MASTER)).body.status).toBe('success');
    await app.close();
  });

  it.each<[string, Partial<TestAppOptions>]>([
    ['in a module that is imported later', { imports: [PagesModule] }],
    ['on Fastify', { adapter: 'fastify', controllers: [FastifyPagesController] }],
  ])('leaves them alone %s', async (_where, options) => {
    const [app, said] = await start(options);
    expect(said).toEqual([]);
    expect((await app.get('/auth/token/new', MASTER)).body.status).toBe('success');
    expect((await app.get(KEYS)).body).toEqual({ keys: [] });
    expect((await app.get('/elsewhere')).text).toBe('page');
    await app.close();
  });
});

import { type CanActivate, Module } from '@nestjs/common';
import { Test, type TestingModuleBuilder } from '@nestjs/testing';
import { afterEach, describe, expect, it } from '@jest/globals';
import { AccessGuard, FastauthModule, TokenService } from 'nestjs-fastauth';
import { ADAPTERS, OPTIONS, startApp, type TestApp } from '../support/app.js';
import { RoutesController } from '../support/routes.controller.js';

// What docs/testing.md says of opening a guarded application.

const OPEN: CanActivate = { canActivate: () => true };

describe.each(ADAPTERS)('an application under test, on %s', (adapter) => {
  let app: TestApp | undefined;
  afterEach(() => app?.close());

  const statuses = async (
    override: (builder: TestingModuleBuilder) => TestingModuleBuilder,
    headersFor: (app: TestApp) => Promise<Record<string, string>> = async () => ({}),
  ): Promise<Record<string, number>> => {
    const started = await startApp({
      adapter,
      controllers: [RoutesController],
      fastauth: { accessTokenPaths: ['/access'] },
      override,
    });
    app = started;
    const headers = await headersFor(started);
    const found: Record<string, number> = {};
    for (const path of ['/whoami', '/admin/whoami', '/access/health', '/auth/token/new'])
      found[path] = (await started.get(path, headers)).status;
    return found;
  };

  it('is opened by overrideProvider(AccessGuard) where decorators guard it, and not where path rules do', async () => {
    expect(await statuses((builder) => builder.overrideProvider(AccessGuard).useValue(OPEN))).toEqual({
      '/whoami': 200,
      '/admin/whoami': 200,
      '/access/health': 401,
      '/auth/token/new': 200,
    });
  });

  it('is not opened by overrideGuard(AccessGuard)', async () => {
    expect(await statuses((builder) => builder.overrideGuard(AccessGuard).useValue(OPEN))).toEqual({
      '/whoami': 401,
      '/admin/whoami': 401,
      '/access/health': 401,
      '/auth/token/new': 401,
    });
  });

  it('lets a token through path rules, the guard overridden or not', async () => {
    const authorized = async ({ app: nest }: TestApp): Promise<Record<string, string>> => {
      const { accessToken } = await nest.get(TokenService).issue({ clientId: 'test' });
      return { Authorization: `Bearer ${accessToken}` };
    };
    const open = (builder: TestingModuleBuilder) => builder.overrideProvider(AccessGuard).useValue(OPEN);
    expect(await statuses(open, authorized)).toEqual({
      '/whoami': 200,
      '/admin/whoami': 200,
      '/access/health': 200,
      '/auth/token/new': 200,
    });
  });
});

it('path rules are left out by overrideModule() with the very module that the application imports', async () => {
  const auth = FastauthModule.forRoot({ ...OPTIONS, accessTokenPaths: ['/access'] });
  @Module({ imports: [auth], controllers: [RoutesController] })
  class AppModule {}
  const module = await Test.createTestingModule({ imports: [AppModule] })
    .overrideModule(auth)
    .useModule(FastauthModule.forRoot({ ...OPTIONS, accessTokenPaths: [] }))
    .compile();
  const app = module.createNestApplication();
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  expect((await fetch(`${url}/access/health`)).status).toBe(200);
  expect((await fetch(`${url}/whoami`)).status).toBe(401);
  await app.close();
});

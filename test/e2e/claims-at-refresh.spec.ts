import { ForbiddenException, Injectable, Module } from '@nestjs/common';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Test } from '@nestjs/testing';
import {
  ConfigError,
  FastauthModule,
  type InjectedIssuanceDefaults,
  type IssuanceClient,
  type IssuanceDefaultsOf,
  type Principal,
  TokenController,
  TokenService,
} from 'nestjs-fastauth';
import { MemoryTokenStore } from '../../src/stores/memory/memory.store.js';
import { ADAPTERS, OPTIONS, startApp, type TestApp } from '../support/app.js';
import { RoutesController } from '../support/routes.controller.js';

const FORMATS = ['jwt', 'jwe', 'opaque'] as const;
type Pair = Awaited<ReturnType<TestApp['issue']>>;

@Injectable()
class Roles {
  of(clientId: string): string {
    return `role of ${clientId}`;
  }
}

@Module({ providers: [Roles], exports: [Roles] })
class RolesModule {}

const ROLES: InjectedIssuanceDefaults = {
  inject: [Roles],
  useFactory:
    (roles: Roles): IssuanceDefaultsOf =>
    ({ clientId }) => ({ claims: { role: roles.of(clientId) } }),
};

class RoleTokenController extends TokenController {
  protected override issueTokens(clientId: string | undefined) {
    return this.tokens.issue({ clientId, claims: { role: 'admin', site: 'north' } });
  }
}

describe.each(ADAPTERS)('claims at a refresh, on %s', (adapter) => {
  let apps: TestApp[] = [];
  afterEach(async () => {
    for (const app of apps) await app.close();
    apps = [];
  });

  async function start(
    issuanceDefaults: IssuanceDefaultsOf | InjectedIssuanceDefaults,
    fastauth: NonNullable<Parameters<typeof startApp>[0]['fastauth']> = {},
  ): Promise<TestApp> {
    const app = await startApp({
      adapter,
      controllers: [RoutesController],
      fastauth: { issuanceDefaults, ...fastauth },
    });
    apps.push(app);
    return app;
  }
  const refresh = (app: TestApp, { refresh_token }: Pair) =>
    app.post('/auth/token/refresh', { refresh_token });
  const claimsOf = async (app: TestApp, { access_token }: Pair): Promise<Principal['claims']> =>
    (await app.app.get(TokenService).verify(access_token)).claims;

  describe.each(FORMATS)('%s', (tokenFormat) => {
    it('are asked for again: a role that was taken away leaves the tokens', async () => {
      let claims: Record<string, unknown> = { role: 'admin', beta: true };
      const app = await start(() => ({ claims }), { tokenFormat });
      const first = await app.issue('bob');
      expect(await claimsOf(app, first)).toMatchObject({ role: 'admin', beta: true });
      claims = { role: 'viewer' };
      const { data: second } = (await refresh(app, first)).body;
      expect(await claimsOf(app, second)).toMatchObject({ role: 'viewer' });
      expect(await claimsOf(app, second)).not.toHaveProperty('beta');
      claims = {};
      const { data: third } = (await refresh(app, second)).body;
      expect(await claimsOf(app, third)).not.toHaveProperty('role');
      claims = { role: 'viewer' };
      const { data: fourth } = (await refresh(app, third)).body;
      expect(await claimsOf(app, fourth)).toMatchObject({ role: 'viewer' });
    });

    it('are the same for twins: one look-up, one answer, also for repeats within the grace', async () => {
      let asked = 0;
      const app = await start(() => ({ claims: { asked: ++asked } }), { tokenFormat });
      const first = await app.issue('bob');
      const twins = await Promise.all([refresh(app, first), refresh(app, first), refresh(app, first)]);
      const answers = [...twins, await refresh(app, first)].map(({ status, body }) => [status, body.data]);
      expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
      expect(answers[0]?.[0]).toBe(200);
      expect(await claimsOf(app, answers[0]?.[1])).toMatchObject({ asked: 2 });
      expect(asked).toBe(2);
    });
  });

  it('leave alone what issue was told and the look-up does not name, and come first where it does', async () => {
    const seen: IssuanceClient[] = [];
    const app = await start(
      (client) => {
        seen.push(client);
        return { claims: { role: 'viewer', zone: 'a' } };
      },
      { tokenController: RoleTokenController },
    );
    const first = await app.issue('bob');
    expect(await claimsOf(app, first)).toMatchObject({ role: 'admin', site: 'north', zone: 'a' });
    const { data: second } = (await refresh(app, first)).body;
    expect(await claimsOf(app, second)).toMatchObject({ role: 'viewer', site: 'north', zone: 'a' });
    expect(seen).toEqual([
      { clientId: 'bob', label: undefined, claims: undefined },
      { clientId: 'bob', label: undefined, claims: { role: 'admin', site: 'north', zone: 'a' }, scopes: [] },
    ]);
  });

  it("change no lifetime: those are the session's own", async () => {
    const app = await start(({ claims }) => ({ accessTokenExpiresIn: claims ? 5 : 300 }));
    const { data } = (await refresh(app, await app.issue('bob'))).body;
    const { expiresAt } = await app.app.get(TokenService).verify(data.access_token);
    expect(expiresAt).toBe(app.clock.seconds + 300);
  });

  it.each<[string, () => unknown, number]>([
    [
      'throws',
      () => {
        throw new Error('the database of roles is away');
      },
      500,
    ],
    ['rejects', () => Promise.reject(new Error('the database of roles is away')), 500],
    [
      'denies',
      () => {
        throw new ForbiddenException('Suspended');
      },
      403,
    ],
    ['gives a claim that cannot be one', () => ({ claims: { n: Number.NaN } }), 422],
  ])(
    'refuse the refresh with nothing consumed when the look-up %s; the session goes on',
    async (_how, fail, status) => {
      let isFailing = false;
      const app = await start((): never => (isFailing ? fail() : { claims: { role: 'user' } }) as never);
      const first = await app.issue('bob');
      isFailing = true;
      const answer = await refresh(app, first);
      expect(answer.status).toBe(status);
      expect(answer.text).not.toContain('database of roles');
      expect(await claimsOf(app, first)).toMatchObject({ role: 'user' });
      isFailing = false;
      app.clock.advance(60);
      expect((await refresh(app, first)).status).toBe(200);
    },
  );

  it('open no way around a revocation: one during the look-up holds, and a slow one costs no grace', async () => {
    let during: (() => Promise<unknown>) | undefined;
    const store = new MemoryTokenStore();
    const app = await start(
      async ({ claims }) => {
        if (claims) await during?.();
        return {};
      },
      { store },
    );
    const first = await app.issue('bob');
    during = async () => {
      app.clock.advance(60);
    };
    const answer = await refresh(app, first);
    expect(answer.status).toBe(200);
    during = undefined;
    app.clock.advance(9);
    expect((await refresh(app, first)).body).toEqual(answer.body);

    const second = await app.issue('eve');
    during = () => app.post('/auth/token/revoke', { token: second.access_token });
    expect((await refresh(app, second)).status).toBe(401);
    expect((await store.list('eve'))[0]).toMatchObject({ generation: 0, revokedAt: app.clock.seconds });
  });

  it('come from a provider of the application', async () => {
    const app = await start(ROLES, { imports: [RolesModule] });
    const first = await app.issue('bob');
    expect(await claimsOf(app, first)).toMatchObject({ role: 'role of bob' });
    const { data: second } = (await refresh(app, first)).body;
    expect(await claimsOf(app, second)).toMatchObject({ role: 'role of bob' });
  });

  it('are waited for at most five seconds: then 503, and nothing is issued or spent', async () => {
    const store = new MemoryTokenStore();
    let isHanging = false;
    const app = await start(() => (isHanging ? new Promise(() => undefined) : { claims: { n: 1 } }), {
      store,
    });
    const pair = await app.issue('bob');
    isHanging = true;
    const begun = performance.now();
    const answers = await Promise.all([
      refresh(app, pair),
      app.get('/auth/token/new?client_id=eve', { 'MASTER-TOKEN': 'master-token-of-the-tests' }),
    ]);
    const seconds = (performance.now() - begun) / 1000;
    expect(seconds).toBeGreaterThan(4.9);
    expect(seconds).toBeLessThan(7);
    for (const { status, headers } of answers) {
      expect(status).toBe(503);
      expect(headers.get('retry-after')).toBe('1');
    }
    expect(await store.list('eve')).toEqual([]);
    expect(await store.list('bob')).toMatchObject([{ generation: 0 }]);
    isHanging = false;
    expect((await refresh(app, pair)).status).toBe(200);
  }, 20_000);

  it('are told to nobody: introspection lists no names', async () => {
    const app = await start(() => ({ claims: { role: 'user' } }));
    const { refresh_token: token } = await app.issue('bob');
    const { body } = await app.post(
      '/auth/token/introspect',
      { token },
      { 'MASTER-TOKEN': 'master-token-of-the-tests' },
    );
    expect(body).toMatchObject({ active: true, role: 'user' });
    expect(Object.keys(body)).not.toContain('fa_defaults');
  });
});

describe('issuanceDefaults with a factory', () => {
  it('is given beside the useFactory of forRootAsync', async () => {
    const module = FastauthModule.forRootAsync({
      imports: [RolesModule],
      issuanceDefaults: ROLES,
      useFactory: () => OPTIONS,
    });
    const app = await (await Test.createTestingModule({ imports: [module] }).compile()).init();
    const tokens = app.get(TokenService);
    const { accessToken } = await tokens.issue({ clientId: 'bob' });
    expect((await tokens.verify(accessToken)).claims).toMatchObject({ role: 'role of bob' });
    await app.close();
  });

  it('that gives no function is a fault of the start', async () => {
    const useFactory = (() => ({ role: 'admin' })) as unknown as InjectedIssuanceDefaults['useFactory'];
    const module = FastauthModule.forRoot({ ...OPTIONS, issuanceDefaults: { useFactory } });
    await expect(Test.createTestingModule({ imports: [module] }).compile()).rejects.toThrow(ConfigError);
  });
});

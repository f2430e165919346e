import {
  Controller,
  ForbiddenException,
  Get,
  Inject,
  Injectable,
  Logger,
  Module,
  Scope,
} from '@nestjs/common';
import { NestFactory, REQUEST } from '@nestjs/core';
import { WsAdapter } from '@nestjs/platform-ws';
import { Test } from '@nestjs/testing';
import { WebSocketGateway } from '@nestjs/websockets';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import {
  AccessGuard,
  AccessOnly,
  ConfigError,
  FastauthConfigService,
  FastauthModule,
  type FastauthOptions,
  MemoryTokenStore,
  type Principal,
  TokenController,
  TokenService,
  TokenStore,
} from '../../src/index.js';
import { ADAPTERS, MASTER_TOKEN, OPTIONS, SECRET, startApp, type TestApp } from '../support/app.js';
import { RoutesController } from '../support/routes.controller.js';

const MASTER = { 'MASTER-TOKEN': MASTER_TOKEN };

@Injectable()
class OptionsFactory {
  createFastauthOptions(): FastauthOptions {
    return { ...OPTIONS, appName: 'from a class' };
  }
}

@Module({ providers: [OptionsFactory], exports: [OptionsFactory] })
class OptionsModule {}

describe('FastauthModule', () => {
  const closing: { close(): Promise<void> }[] = [];
  afterEach(() => Promise.all(closing.splice(0).map((app) => app.close())));
  afterEach(() => void jest.restoreAllMocks());

  describe.each([
    ['useFactory', { useFactory: async () => ({ ...OPTIONS, appName: 'from a class' }) }],
    ['useClass', { useClass: OptionsFactory }],
    ['useExisting', { imports: [OptionsModule], useExisting: OptionsFactory }],
  ])('forRootAsync with %s', (_name, asynchronous) => {
    it('takes the options, and the store given at registration', async () => {
      const store = new MemoryTokenStore();
      const app = await Test.createTestingModule({
        imports: [FastauthModule.forRootAsync({ ...asynchronous, store })],
      }).compile();
      closing.push(app);
      expect(app.get(FastauthConfigService).get('appName')).toBe('from a class');
      expect(app.get(TokenStore)).toBe(store);
      const { accessToken, clientId } = await app.get(TokenService).issue();
      await expect(app.get(TokenService).verify(accessToken)).resolves.toMatchObject({ clientId });
    });
  });

  it('says at start what is guarded and why, and what looks like a mistake', async () => {
    @AccessOnly()
    @WebSocketGateway({ path: '/ws/feed' })
    class FeedGateway {}
    const lines: string[] = [];
    const note = (level: string) => (message: unknown) => lines.push(`${level}: ${String(message)}`);
    const moduleRef = await Test.createTestingModule({
      imports: [
        FastauthModule.forRoot({
          ...OPTIONS,
          accessTokenPaths: ['/access', '/ws'],
          masterTokenPaths: ['/admn/whoami'],
          publicTokenIssuance: true,
        }),
      ],
      controllers: [RoutesController],
      providers: [FeedGateway],
    })
      .setLogger({ log: note('log'), warn: note('warn'), error: note('error') })
      .compile();
    const app = moduleRef.createNestApplication();
    app.setGlobalPrefix('api');
    app.useWebSocketAdapter(new WsAdapter(app));
    await app.init();
    closing.push(app);
    expect(lines).toEqual(
      expect.arrayContaining([
        'log: GET /api/whoami: access (decorator)',
        'log: GET /api/admin/whoami: master (decorator)',
        'log: GET /api/access/health: access (path rule "/access")',
        'log: WebSocket /ws/feed: access (decorator, path rule "/ws")',
        expect.stringMatching(/^warn: Path rule "\/admn\/whoami" .* the nearest is "\/api\/admin\/whoami"/),
        expect.stringMatching(/^warn: GET \/api\/accessories begins like path rule "\/access"/),
        expect.stringMatching(/^warn: publicTokenIssuance is on/),
      ]),
    );
    expect(lines.join('\n')).not.toContain(MASTER_TOKEN);
  });

  it.each([
    'store',
    'tokenController',
    'imports',
    'auditSink',
    'keyProvider',
    'issuanceDefaults',
    'foreignTokens',
    'httpGuard',
    'contextGuards',
    'globalGuard',
  ])('says of %s from useFactory where it is given instead', async (key) => {
    const module = FastauthModule.forRootAsync({ useFactory: () => ({ ...OPTIONS, [key]: {} }) });
    await expect(Test.createTestingModule({ imports: [module] }).compile()).rejects.toThrow(
      `"${key}" shapes the module and is given beside useFactory`,
    );
  });

  it('refuses a faulty configuration before the application listens, with every fault', async () => {
    const starting = Test.createTestingModule({
      imports: [
        FastauthModule.forRoot({ ...OPTIONS, refreshGrace: -1, acessTokenPaths: ['/a'] } as FastauthOptions),
      ],
    }).compile();
    await expect(starting).rejects.toThrow(ConfigError);
    await expect(starting).rejects.toThrow(/2 fault.*did you mean "accessTokenPaths".*"refreshGrace" is -1/s);
  });

  it('says where the URL of a store that does not open was set, and nothing of a store of the application', async () => {
    const errors = jest.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
    const start = async (fastauth: FastauthOptions, store?: TokenStore) => {
      const module = FastauthModule.forRoot({ ...OPTIONS, ...fastauth, store });
      await (await Test.createTestingModule({ imports: [module] }).compile()).init();
    };
    await expect(start({ databaseUrl: 'lmdb:/dev/null/sessions' })).rejects.toThrow('/dev/null/sessions');
    expect(errors.mock.calls).toEqual([
      [expect.stringMatching(/^The store that is set by "databaseUrl" \(.+\) did not open\.$/)],
    ]);
    class ClosedStore extends MemoryTokenStore {
      override open(): never {
        throw new Error('closed for today');
      }
    }
    await expect(start({}, new ClosedStore())).rejects.toThrow('closed for today');
    expect(errors).toHaveBeenCalledTimes(1);
  });

  it('is refused when registered twice, with a sentence that says so', async () => {
    @Module({ imports: [FastauthModule.forRoot({ ...OPTIONS, appName: 'second' })] })
    class Feature {}
    const starting = Test.createTestingModule({
      imports: [FastauthModule.forRoot(OPTIONS), Feature],
    }).compile();
    await expect(starting).rejects.toThrow(
      /registered 2 times.*Call FastauthModule\.forRoot\(\), or forResourceServer\(\), once/s,
    );
  });

  it.each([
    ['alone', [], /imported as it is.*import FastauthModule\.forRoot\(\) once/s],
    [
      'beside forRoot()',
      [FastauthModule.forRoot(OPTIONS)],
      /Call FastauthModule\.forRoot\(\), or forResourceServer\(\), once/,
    ],
  ])('is refused when the class is imported as it is, %s', async (_where, imports, words) => {
    @Module({ imports: [FastauthModule] })
    class Feature {}
    const starting = Test.createTestingModule({ imports: [...imports, Feature] }).compile();
    await expect(starting).rejects.toThrow(words);
  });

  it('may be imported by several modules of one application as one dynamic module', async () => {
    const fastauth = FastauthModule.forRoot(OPTIONS);
    @Module({ imports: [fastauth] })
    class Feature {}
    closing.push(await Test.createTestingModule({ imports: [fastauth, Feature] }).compile());
  });

  describe.each(ADAPTERS)('on %s', (adapter) => {
    const start = async (options: Omit<Parameters<typeof startApp>[0], 'adapter'>): Promise<TestApp> => {
      const app = await startApp({ adapter, controllers: [RoutesController], ...options });
      closing.push(app);
      return app;
    };

    it('takes a store as a class, as an instance, and overridden in a test', async () => {
      class OwnStore extends MemoryTokenStore {}
      const own = await start({ fastauth: { store: OwnStore } });
      expect(own.app.get(TokenStore)).toBeInstanceOf(OwnStore);
      const instance = new MemoryTokenStore();
      const given = await start({ fastauth: { store: instance } });
      expect(given.app.get(TokenStore)).toBe(instance);
      const overriding = new MemoryTokenStore();
      const overridden = await start({
        override: (builder) => builder.overrideProvider(TokenStore).useValue(overriding),
      });
      const { client_id } = await overridden.issue('c');
      expect((await overriding.list(client_id)).length).toBe(1);
    });

    it('has no token endpoints with tokenController: false, and guards all the same', async () => {
      const app = await start({ fastauth: { tokenController: false } });
      expect((await app.get('/auth/token/new', MASTER)).status).toBe(404);
      expect((await app.get('/whoami')).status).toBe(401);
      const { accessToken } = await app.app.get(TokenService).issue();
      expect((await app.get('/whoami', { 'ACCESS-TOKEN': accessToken })).status).toBe(200);
    });

    it('guards what is decorated, and that alone, with globalGuard: false', async () => {
      @Controller('guarded')
      class GuardedController {
        @Get()
        @AccessOnly()
        content() {
          return 'content';
        }

        @Get('beside')
        beside() {
          return 'beside';
        }
      }
      const app = await start({
        fastauth: { globalGuard: false },
        controllers: [RoutesController, GuardedController],
      });
      expect((await app.get('/admin/whoami')).status).toBe(401);
      expect((await app.get('/health')).status).toBe(200);
      expect((await app.get('/guarded')).status).toBe(401);
      expect((await app.get('/guarded/beside')).status).toBe(200);
    });

    it('keeps the token endpoints behind the master token with globalGuard: false', async () => {
      const app = await start({ fastauth: { globalGuard: false } });
      for (const method of ['GET', 'POST'])
        expect((await app.request(method, '/auth/token/new')).status).toBe(401);
      expect((await app.post('/auth/token/introspect', { token: 'x' })).status).toBe(401);
      const { status, body } = await app.post('/auth/token/new', {}, MASTER);
      expect(status).toBe(200);
      const refreshed = await app.post('/auth/token/refresh', { refresh_token: body.data.refresh_token });
      expect(refreshed.status).toBe(200);
    });

    it('closes by default what nobody opened with globalGuard: false, too', async () => {
      const app = await start({ fastauth: { globalGuard: false, defaultAccess: 'access' } });
      expect((await app.get('/health')).status).toBe(401);
      expect((await app.get('/admin/whoami')).status).toBe(401);
      const { access_token } = await app.issue();
      expect((await app.get('/health', { 'ACCESS-TOKEN': access_token })).status).toBe(200);
      expect((await app.get('/admin/whoami', { 'ACCESS-TOKEN': access_token })).status).toBe(401);
    });

    it.each(['public', 'access'] as const)('lets a test override the guard, %s by default', async (level) => {
      const app = await start({
        fastauth: { defaultAccess: level },
        override: (builder) => builder.overrideProvider(AccessGuard).useValue({ canActivate: () => true }),
      });
      expect((await app.get('/admin/whoami')).status).toBe(200);
      expect((await app.get('/health')).status).toBe(200);
    });

    describe('with a TokenController that needs providers of the application', () => {
      @Injectable()
      class Users {
        role() {
          return 'admin';
        }
      }
      @Module({ providers: [Users], exports: [Users] })
      class UsersModule {}
      @Injectable()
      class UserTokenController extends TokenController {
        constructor(private readonly users: Users) {
          super();
        }
        protected override async issueTokens(clientId: string | undefined) {
          return this.tokens.issue({ clientId, claims: { role: this.users.role() } });
        }
      }
      const shape = { imports: [UsersModule], tokenController: UserTokenController };

      it.each([
        ['forRoot', () => FastauthModule.forRoot({ ...OPTIONS, ...shape })],
        ['forRootAsync', () => FastauthModule.forRootAsync({ ...shape, useFactory: () => OPTIONS })],
      ])('injects them through imports of %s', async (_name, register) => {
        const moduleRef = await Test.createTestingModule({ imports: [register()] }).compile();
        const nest = moduleRef.createNestApplication({ logger: false });
        closing.push(nest);
        await nest.listen(0, '127.0.0.1');
        const answer = await fetch(`${await nest.getUrl()}/auth/token/new`, {
          method: 'POST',
          headers: MASTER,
        });
        const { data } = (await answer.json()) as { data: { access_token: string } };
        const { claims } = await nest.get(TokenService).verify(data.access_token);
        expect(claims['role']).toBe('admin');
      });

      it('injects those of a request, whose provider makes the controller one of the request', async () => {
        @Injectable({ scope: Scope.REQUEST })
        class Tenant {
          constructor(@Inject(REQUEST) private readonly request: { headers: Record<string, string> }) {}
          name() {
            return this.request.headers['x-tenant'];
          }
        }
        @Module({ providers: [Tenant], exports: [Tenant] })
        class TenantModule {}
        @Injectable()
        class TenantTokenController extends TokenController {
          constructor(private readonly tenant: Tenant) {
            super();
          }
          protected override async issueTokens(clientId: string | undefined) {
            return this.tokens.issue({ clientId, claims: { tenant: this.tenant.name() } });
          }
        }
        const app = await start({
          fastauth: { imports: [TenantModule], tokenController: TenantTokenController },
        });
        const tenants = await Promise.all(
          ['acme', 'beta', 'acme'].map(async (tenant) => {
            const { body } = await app.post('/auth/token/new', {}, { ...MASTER, 'X-Tenant': tenant });
            return (await app.app.get(TokenService).verify(body.data.access_token)).claims['tenant'];
          }),
        );
        expect(tenants).toEqual(['acme', 'beta', 'acme']);
      });

      it('is refused at registration where no decorator tells what its constructor takes', () => {
        class PlainTokenController extends TokenController {
          constructor(private readonly users: Users) {
            super();
            void this.users;
          }
        }
        const register = () =>
          FastauthModule.forRoot({ ...OPTIONS, tokenController: PlainTokenController as never });
        expect(register).toThrow(/constructor of PlainTokenController .* @Injectable\(\) .*"imports"/);
      });
    });

    describe('with custom issuance by a subclass', () => {
      class PartnerTokenController extends TokenController {
        protected override async issueTokens(clientId: string | undefined) {
          if (clientId === 'banned') throw new ForbiddenException('This partner is banned');
          return this.tokens.issue({ clientId, claims: { tier: 'gold' }, accessTokenExpiresIn: 60 });
        }
      }
      const fastauth = { tokenController: PartnerTokenController, authPrefix: 'api/tokens/' };

      it('issues its way, under the same guard, envelope and one route each', async () => {
        const app = await start({ fastauth });
        expect((await app.get('/api/tokens/token/new')).status).toBe(401);
        expect((await app.get('/auth/token/new', MASTER)).status).toBe(404);
        const issued = await app.get('/api/tokens/token/new?client_id=p', MASTER);
        expect(issued.body).toMatchObject({ status: 'success', code: 200, data: { client_id: 'p' } });
        const banned = await app.get('/api/tokens/token/new?client_id=banned', MASTER);
        expect([banned.status, banned.body]).toEqual([
          403,
          { status: 'error', message: 'This partner is banned', code: 403 },
        ]);
      });

      it("hands the claims to the handler, keeps them when refreshed, and the subclass' lifetime", async () => {
        const app = await start({ fastauth });
        const { data } = (await app.post('/api/tokens/token/new', {}, MASTER)).body;
        const principal = async (token: string): Promise<Principal> =>
          (await app.get('/whoami', { 'ACCESS-TOKEN': token })).body;
        const first = await principal(data.access_token);
        expect(first.claims['tier']).toBe('gold');
        expect((first.expiresAt ?? 0) - (first.issuedAt ?? 0)).toBe(60);
        const refresh = { refresh_token: data.refresh_token };
        const refreshed = (await app.post('/api/tokens/token/refresh', refresh)).body.data;
        expect((await principal(refreshed.access_token)).claims['tier']).toBe('gold');
        app.clock.advance(61 + 5);
        expect((await app.get('/whoami', { 'ACCESS-TOKEN': refreshed.access_token })).status).toBe(401);
      });
    });

    it.each([
      ['path rules', { accessTokenPaths: ['/access'] }],
      ['a default that closes every route', { defaultAccess: 'access' as const }],
    ])('runs without HTTP under %s: in scripts and in microservices', async (_name, rules) => {
      @Module({ imports: [FastauthModule.forRoot({ ...OPTIONS, ...rules })] })
      class AppModule {}
      const starts = [
        NestFactory.createApplicationContext(AppModule, { logger: false, abortOnError: false }),
        NestFactory.createMicroservice(AppModule, { logger: false, abortOnError: false }),
      ];
      for (const start of starts) {
        const app = await start;
        closing.push(app);
        await app.init();
        const { accessToken } = await app.get(TokenService).issue({ clientId: 'script' });
        await expect(app.get(TokenService).verify(accessToken)).resolves.toMatchObject({
          clientId: 'script',
        });
      }
      // What an observer throws is thrown again by a timer, and would end the process.
      await new Promise((resolve) => setTimeout(resolve));
    });

    it('answers 500 without a cryptography key, and opens nothing without a master token', async () => {
      const app = await start({ fastauth: { cryptographyKey: '', masterToken: '' } });
      expect((await app.get('/admin/whoami', { 'MASTER-TOKEN': '' })).status).toBe(401);
      expect((await app.get('/admin/whoami', { 'MASTER-TOKEN': 'undefined' })).status).toBe(401);
      expect((await app.get('/whoami', { 'ACCESS-TOKEN': 'x' })).status).toBe(500);
      const open = await start({ fastauth: { cryptographyKey: '', publicTokenIssuance: true } });
      const answer = await open.get('/auth/token/new');
      expect([answer.status, answer.body]).toEqual([
        500,
        { status: 'error', message: 'Crypto key not set', code: 500 },
      ]);
      expect((await open.get('/auth/token/refresh?refresh_token=x')).status).toBe(500);
    });

    it('gives two applications in one process nothing in common', async () => {
      const [one, other] = await Promise.all([
        start({ fastauth: { authPrefix: '/one' } }),
        start({ fastauth: { authPrefix: '/other', cryptographyKey: `other ${SECRET}` } }),
      ]);
      expect((await one.get('/other/token/new', MASTER)).status).toBe(404);
      const { body } = await one.get('/one/token/new', MASTER);
      expect((await one.get('/whoami', { 'ACCESS-TOKEN': body.data.access_token })).status).toBe(200);
      expect((await other.get('/whoami', { 'ACCESS-TOKEN': body.data.access_token })).status).toBe(401);
    });
  });
});

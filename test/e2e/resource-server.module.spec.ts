import { Controller, Get, Module } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { WebSocketGateway } from '@nestjs/websockets';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { existsSync } from 'node:fs';
import {
  AccessOnly,
  ConfigError,
  FastauthEvents,
  FastauthHealthIndicator,
  FastauthModule,
  Fresh,
  Scopes,
  withFastauth,
} from '../../src/index.js';
import {
  ADAPTERS,
  MASTER_TOKEN,
  OPTIONS,
  startApp,
  type TestApp,
  type TestAppOptions,
} from '../support/app.js';
import { AUDIENCE, TestIssuer } from '../support/issuer.js';
import { freePort } from '../support/documented-app.js';
import { keySetEntry } from '../support/key-set.js';
import { secretHashOf, secretOf } from '../support/oauth-clients.js';
import { RoutesController } from '../support/routes.controller.js';
import { COMBINATIONS } from '../support/socket-platforms.js';
import { TestGateway } from '../support/test-gateway.js';

@Controller()
class ScopedController {
  @Scopes('orders:read')
  @Get('orders')
  orders() {
    return [];
  }

  @Get('files')
  files() {
    return [];
  }

  @Fresh(300)
  @Get('transfer')
  transfer() {
    return {};
  }
}

const NO_FILES = { configFile: false, envFile: false } as const;

@Module({ providers: [{ provide: 'SECRET', useValue: 's3cret' }], exports: ['SECRET'] })
class SecretsModule {}

let apps: TestApp[] = [];
let issuers: TestIssuer[] = [];
const closing: (() => Promise<void>)[] = [];

async function start(options: TestAppOptions): Promise<TestApp> {
  const app = await startApp(options);
  apps.push(app);
  return app;
}
async function startIssuer(options = {}): Promise<TestIssuer> {
  const issuer = await TestIssuer.start(options);
  issuers.push(issuer);
  return issuer;
}
afterEach(async () => {
  for (const close of [
    ...apps.map((app) => () => app.close()),
    ...issuers.map((issuer) => () => issuer.stop()),
  ])
    await close();
  for (const close of closing.splice(0)) await close();
  apps = [];
  issuers = [];
});

const bearer = (token: string) => ({ Authorization: `Bearer ${token}` });

describe.each(ADAPTERS)('a resource server on %s', (adapter) => {
  let issuer: TestIssuer;
  let app: TestApp;
  const token = (claims: object = {}) => issuer.sign(issuer.claims(app.clock.seconds, claims));

  beforeEach(async () => {
    issuer = await startIssuer();
    app = await start({
      adapter,
      controllers: [RoutesController],
      module: FastauthModule.forResourceServer({
        ...NO_FILES,
        issuer: issuer.issuer,
        audience: AUDIENCE,
        accessTokenPaths: ['/access'],
        masterTokenPaths: ['/master'],
      }),
    });
  });

  it('guards by decorators and by path rules', async () => {
    const good = await token({ jti: 'the-id', auth_time: 1_893_455_000, scope: 'a b' });
    for (const headers of [bearer(good), { 'ACCESS-TOKEN': good }]) {
      expect(await app.get('/access/health', headers)).toMatchObject({ status: 200 });
      expect((await app.get('/whoami', headers)).body).toEqual({
        level: 'access',
        clientId: 'acme',
        tokenId: 'the-id',
        issuedAt: app.clock.seconds,
        scopes: ['a', 'b'],
        authTime: 1_893_455_000,
        expiresAt: app.clock.seconds + 300,
        claims: issuer.claims(app.clock.seconds, { jti: 'the-id', auth_time: 1_893_455_000, scope: 'a b' }),
      });
    }
    expect((await app.get('/health')).status).toBe(200);
    for (const path of ['/access/health', '/whoami', '/access/none', '//ACCESS/health']) {
      const answer = await app.get(path);
      expect([path, answer.status]).toEqual([path, 401]);
      expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer realm="fastauth"$/);
    }
    const bad = await app.get('/whoami', bearer(await token({ aud: 'others' })));
    expect(bad).toMatchObject({ status: 401, body: { code: 'invalid_token' } });
    expect(bad.headers.get('www-authenticate')).toContain('error="invalid_token"');
    expect((await app.get('/whoami', { ...bearer(good), 'ACCESS-TOKEN': good })).status).toBe(400);
  });

  it('asks for scopes and for a fresh login as with tokens of our own', async () => {
    const other = await start({
      adapter,
      controllers: [ScopedController],
      module: FastauthModule.forResourceServer({
        ...NO_FILES,
        issuer: issuer.issuer,
        audience: AUDIENCE,
        accessTokenPaths: [{ path: '/files', scopes: ['files:read'] }],
      }),
    });
    const statusOf = async (path: string, claims: object) => {
      const { status, body } = await other.get(path, bearer(await token(claims)));
      return status === 200 ? status : [status, body.code];
    };
    const now = other.clock.seconds;
    expect(await statusOf('/orders', { scope: 'x orders:read' })).toBe(200);
    expect(await statusOf('/orders', { scp: ['orders:read'] })).toBe(200);
    expect(await statusOf('/orders', { permissions: ['orders:read'] })).toEqual([403, 'insufficient_scope']);
    expect(await statusOf('/files', { scope: 'orders:read' })).toEqual([403, 'insufficient_scope']);
    expect(await statusOf('/transfer', { auth_time: now - 299 })).toBe(200);
    // An issuer whose clock is ahead.
    expect(await statusOf('/transfer', { auth_time: now + 4 })).toBe(200);
    for (const time of [now - 301, now + 60, undefined, String(now)])
      expect(await statusOf('/transfer', { auth_time: time })).toEqual([
        401,
        'insufficient_user_authentication',
      ]);
  });

  it('has no master token unless one is configured', async () => {
    expect((await app.get('/master/health', { 'MASTER-TOKEN': MASTER_TOKEN })).status).toBe(401);
    const other = await start({
      adapter,
      controllers: [RoutesController],
      module: FastauthModule.forResourceServer({
        ...NO_FILES,
        issuer: issuer.issuer,
        audience: AUDIENCE,
        masterToken: MASTER_TOKEN,
      }),
    });
    const both = { 'MASTER-TOKEN': MASTER_TOKEN, ...bearer(await token()) };
    expect((await other.get('/decorated/both', both)).body).toMatchObject({
      level: 'master',
      clientId: 'acme',
    });
  });

  it('serves none of our endpoints, and makes no store', async () => {
    const hadStore = existsSync('.fastauth');
    for (const path of [
      '/auth/token/new',
      '/auth/token/refresh',
      '/.well-known/jwks.json',
      '/.well-known/oauth-authorization-server',
    ]) {
      expect((await app.get(path, { 'MASTER-TOKEN': MASTER_TOKEN })).status).toBe(404);
    }
    expect((await app.post('/auth/token/introspect', 'token=x')).status).toBe(404);
    expect(existsSync('.fastauth')).toBe(hadStore);
  });

  it('answers 503 while it has no keys and the issuer is away, and is not healthy', async () => {
    const good = await token();
    const port = Number(new URL(issuer.url).port);
    await issuer.stop();
    const other = await start({
      adapter,
      controllers: [RoutesController],
      module: FastauthModule.forResourceServer({ ...NO_FILES, issuer: issuer.issuer, audience: AUDIENCE }),
    });
    const refused = await other.get('/whoami', bearer(good));
    expect(refused).toMatchObject({
      status: 503,
      body: {
        code: 'store_unavailable',
        detail: 'The issuer of the tokens is not available. Try again later.',
      },
    });
    expect(refused.headers.get('retry-after')).toBe('1');
    expect((await other.get('/health')).status).toBe(200);
    const health = other.app.get(FastauthHealthIndicator);
    expect(await health.isHealthy()).toMatchObject({ fastauth: { status: 'down' } });
    await issuer.listen(port);
    other.clock.advance(1);
    expect((await other.get('/whoami', bearer(good))).status).toBe(200);
    expect(await health.isHealthy()).toEqual({ fastauth: { status: 'up' } });
  });

  it('is described by OpenAPI as any other application', () => {
    const document = withFastauth(
      app.app,
      SwaggerModule.createDocument(app.app, new DocumentBuilder().build()),
    );
    expect(Object.keys(document.paths)).not.toContain('/auth/token/new');
    expect(document.paths['/whoami']?.get?.security).toEqual([
      { AccessTokenHeader: [] },
      { BearerAccessToken: [] },
    ]);
    expect(document.paths['/health']?.get?.security).toEqual([]);
  });

  it('takes its options from a factory, once', async () => {
    let made = 0;
    const other = await start({
      adapter,
      controllers: [RoutesController],
      module: FastauthModule.forResourceServerAsync({
        imports: [SecretsModule],
        inject: ['SECRET'],
        useFactory: (clientSecret: string) => {
          made++;
          const introspection = { clientId: 'orders', clientSecret };
          return { ...NO_FILES, issuer: issuer.issuer, audience: AUDIENCE, introspection };
        },
      }),
    });
    issuer.tokens.set('opaque', { active: true, ...issuer.claims(other.clock.seconds) });
    expect((await other.get('/whoami', bearer('opaque'))).body).toMatchObject({ clientId: 'acme' });
    const sent = issuer.introspections[0]?.authorization ?? '';
    expect(Buffer.from(sent.replace('Basic ', ''), 'base64').toString()).toBe('orders:s3cret');
    expect(made).toBe(1);
  });

  it('tells of refusals without the token', async () => {
    const told: object[] = [];
    app.app.get(FastauthEvents).subscribe((event) => told.push(event));
    const bad = await token({ aud: 'others' });
    await app.get('/whoami', bearer(bad));
    expect(told).toEqual([expect.objectContaining({ type: 'access.denied', path: '/whoami' })]);
    expect(JSON.stringify(told)).not.toContain(bad.slice(0, 20));
  });
});

describe.each(COMBINATIONS)('sockets of a resource server, of %s on %s', (_name, adapter, platform) => {
  @AccessOnly()
  @WebSocketGateway(platform.at('/live'))
  class LiveGateway extends TestGateway {}

  it('come in by a token of the issuer, end with it, and go on by a fresh one', async () => {
    const issuer = await startIssuer();
    const app = await start({
      adapter,
      providers: [LiveGateway],
      configure: (nest) => nest.useWebSocketAdapter(platform.adapter(nest)),
      module: FastauthModule.forResourceServer({ ...NO_FILES, issuer: issuer.issuer, audience: AUDIENCE }),
    });
    const token = (claims: object = {}) => issuer.sign(issuer.claims(app.clock.seconds, claims));
    const connect = (text: string) => platform.connect(app.url, '/live', { headers: bearer(text) });
    const stranger = connect(await token({ aud: 'others' }));
    expect(await stranger.refused()).toMatchObject({ detail: 'Disconnected: Unauthorized ACCESS-TOKEN' });

    const ending = connect(await token({ exp: app.clock.seconds + 10, jti: 'short' }));
    const renewed = connect(await token({ exp: app.clock.seconds + 10, jti: 'shorter' }));
    expect([await ending.refused(), await renewed.refused()]).toEqual([undefined, undefined]);
    renewed.emit('whoami');
    expect(await renewed.next('whoami')).toMatchObject({ client: 'acme', token: 'shorter' });

    renewed.emit('fastauth.authenticate', {
      access_token: await token({ sub: 'user-2', jti: 'of another' }),
    });
    expect(await renewed.next('fastauth.authenticate')).toMatchObject({ status: 'error' });
    renewed.emit('fastauth.authenticate', { access_token: await token({ jti: 'longer' }) });
    expect(await renewed.next('fastauth.authenticate')).toMatchObject({ status: 'success' });
    app.clock.advance(11);
    expect(await ending.ended()).toMatchObject({ code: expect.any(String) });
    renewed.emit('whoami');
    expect(await renewed.next('whoami')).toMatchObject({ token: 'longer' });
    for (const client of [stranger, ending, renewed]) client.close();
  });
});

describe('a resource server in front of an issuer of ours', () => {
  it.each(['default', 'at+jwt'] as const)(
    'accepts its access tokens, and not its refresh tokens (%s)',
    async (accessTokenProfile) => {
      const port = await freePort();
      const authority = await start({
        adapter: 'express',
        port,
        fastauth: {
          cryptographyKeys: [{ jwk: await keySetEntry('EdDSA', { status: 'signing' }) }] as never,
          cryptographyKey: undefined,
          issuer: `http://127.0.0.1:${port}`,
          audience: AUDIENCE,
          accessTokenProfile,
        },
      });
      const server = await start({
        adapter: 'fastify',
        controllers: [RoutesController],
        module: FastauthModule.forResourceServer({ ...NO_FILES, issuer: authority.url, audience: AUDIENCE }),
      });
      const pair = await authority.issue('acme');
      expect((await server.get('/whoami', bearer(pair.access_token))).body).toMatchObject({
        level: 'access',
        clientId: 'acme',
      });
      expect((await server.get('/whoami', bearer(pair.refresh_token))).status).toBe(401);
      // Said first in the documentation: by keys alone, nobody hears of a revocation.
      await authority.post('/auth/token/revoke', `token=${pair.access_token}`);
      expect((await server.get('/whoami', bearer(pair.access_token))).status).toBe(200);
    },
  );
});

describe.each(['jwt', 'jwe', 'opaque'] as const)(
  'a resource server that asks an issuer of ours, %s',
  (tokenFormat) => {
    it('sees a revocation, and refuses refresh tokens', async () => {
      const port = await freePort();
      const authority = await start({
        adapter: 'express',
        port,
        fastauth: {
          tokenFormat,
          ...(tokenFormat === 'jwe' ? { cryptographyKeys: await encryptionKeys() } : {}),
          issuer: `http://127.0.0.1:${port}`,
          audience: AUDIENCE,
          clients: [
            {
              clientId: 'orders',
              secretHashes: [secretHashOf(secretOf('orders'))],
              audiences: [AUDIENCE],
              introspect: true,
            },
          ],
        },
      });
      const server = await start({
        adapter: 'fastify',
        controllers: [RoutesController],
        module: FastauthModule.forResourceServer({
          ...NO_FILES,
          issuer: authority.url,
          // Opaque tokens say nothing of an audience.
          audience: tokenFormat === 'opaque' ? undefined : AUDIENCE,
          introspection: { clientId: 'orders', clientSecret: secretOf('orders') },
        }),
      });
      const pair = await authority.issue('acme');
      const whoami = () => server.get('/whoami', bearer(pair.access_token));
      expect((await whoami()).body).toMatchObject({ level: 'access', clientId: 'acme' });
      expect((await server.get('/whoami', bearer(pair.refresh_token))).status).toBe(401);
      await authority.post('/auth/token/revoke', `token=${pair.access_token}`);
      server.clock.advance(9);
      expect((await whoami()).status).toBe(200);
      server.clock.advance(1);
      expect((await whoami()).status).toBe(401);
    });
  },
);

/** For tokens that nobody but their issuer can read. */
async function encryptionKeys() {
  return [{ jwk: await keySetEntry('dir', { status: 'signing' }), status: 'signing' }] as never;
}

describe('keys that change under load', () => {
  it('refuse no good token', async () => {
    const issuer = await startIssuer();
    const app = await start({
      adapter: 'fastify',
      controllers: [RoutesController],
      module: FastauthModule.forResourceServer({ ...NO_FILES, issuer: issuer.issuer, audience: AUDIENCE }),
    });
    const answers = new Map<number, number>();
    for (let round = 0; round < 10; round++) {
      // As issuers do that do not publish a key before they sign with it, and drop old ones two rotations later.
      await issuer.addKey(`rotated-${round}`);
      if (issuer.keys.length > 3) issuer.keys.shift();
      const sign = (n: number) =>
        issuer.sign(issuer.claims(app.clock.seconds, { jti: `${round}-${n}` }), {}, n % 3 === 0 ? -2 : -1);
      const tokens = await Promise.all(Array.from({ length: 60 }, (_, n) => sign(n)));
      const outcomes = await Promise.all(tokens.map((token) => app.get('/whoami', bearer(token))));
      for (const { status } of outcomes) answers.set(status, (answers.get(status) ?? 0) + 1);
      app.clock.advance(11);
    }
    expect([...answers]).toEqual([[200, 600]]);
    expect(issuer.countOf('GET /jwks')).toBeLessThanOrEqual(12);
  });
});

describe('registrations of a resource server', () => {
  it('need an issuer and an audience', async () => {
    @Controller()
    class Empty {
      @Get()
      nothing() {}
    }
    const attempt = (options: object) =>
      startApp({
        adapter: 'fastify',
        controllers: [Empty],
        module: FastauthModule.forResourceServer({ ...NO_FILES, ...options }),
      });
    await expect(attempt({})).rejects.toThrow(ConfigError);
    await expect(attempt({ issuer: 'https://auth.example.com' })).rejects.toThrow('audience is not set');
    await expect(attempt({ issuer: 'https://a.example.com', issuers: [] })).rejects.toThrow('both set');
    await expect(
      attempt({ issuer: 'https://a.example.com', audience: 'x', acessTokenPaths: ['/'] }),
    ).rejects.toThrow('accessTokenPaths');
  });

  it('are alone in an application', async () => {
    await expect(
      startApp({
        adapter: 'fastify',
        module: FastauthModule.forResourceServer({
          ...NO_FILES,
          issuer: 'https://a.example.com',
          audience: 'x',
        }),
        imports: [FastauthModule.forRoot(OPTIONS)],
      }),
    ).rejects.toThrow('registered 2 times');
  });
});

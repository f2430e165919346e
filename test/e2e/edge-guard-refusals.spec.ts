import type { ServerResponse } from 'node:http';
import {
  type ArgumentsHost,
  type CanActivate,
  Catch,
  Controller,
  type ExceptionFilter,
  Get,
  HttpException,
  NotFoundException,
  Post,
  Scope,
} from '@nestjs/common';
import { APP_FILTER, APP_GUARD } from '@nestjs/core';
import { afterEach, describe, expect, it } from '@jest/globals';
import { AccessOnly, Public } from '../../src/index.js';
import { ADAPTERS, MASTER_TOKEN, startApp, type TestApp, type TestAppOptions } from '../support/app.js';

const MASTER = { 'MASTER-TOKEN': MASTER_TOKEN };

/** What a guard of the application does, and the status that says so. */
const GUARDS: readonly (readonly [string, CanActivate['canActivate'], number])[] = [
  [
    'throws a 429, as ThrottlerGuard',
    () => {
      throw new HttpException('Too many requests', 429);
    },
    429,
  ],
  ['rejects with a 429', () => Promise.reject(new HttpException('Too many requests', 429)), 429],
  ['returns false', () => false, 403],
  ['resolves to false', () => Promise.resolve(false), 403],
  [
    'throws a 404',
    () => {
      throw new NotFoundException();
    },
    404,
  ],
  [
    'throws an error',
    () => {
      throw new Error('a fault of the guard');
    },
    500,
  ],
];

const ENDPOINTS: readonly (readonly [string, string, string, Record<string, string>])[] = [
  ['POST', '/auth/token/new', '{}', {}],
  ['GET', '/auth/token/new', '', {}],
  ['POST', '/auth/token/refresh', '{"refresh_token":"x"}', {}],
  ['GET', '/auth/token/refresh?refresh_token=x', '', {}],
  ['POST', '/auth/token/revoke', '{"token":"x"}', {}],
  ['POST', '/auth/token/introspect', '{"token":"x"}', MASTER],
  ['GET', '/.well-known/jwks.json', '', {}],
  ['GET', '/.well-known/oauth-authorization-server', '', {}],
];

@Controller()
class PagesController {
  @Public()
  @Get('page/:name')
  page() {
    return 'page';
  }

  @Public()
  @Post('login')
  login() {
    return 'welcome';
  }

  @AccessOnly()
  @Get('page/inner')
  inner() {
    return 'inner';
  }
}

/** As most applications have one: it answers by the framework's own response, not by Nest's. */
@Catch()
class DirectFilter implements ExceptionFilter {
  catch(thrown: unknown, host: ArgumentsHost): void {
    const status = thrown instanceof HttpException ? thrown.getStatus() : 500;
    const response = host
      .switchToHttp()
      .getResponse<{ status(code: number): { send(body: object): void } }>();
    response.status(status).send({ told: 'by the filter' });
  }
}

describe.each(ADAPTERS)('what a guard of the application refuses on %s', (adapter) => {
  const open: TestApp[] = [];
  const start = async (options: Omit<TestAppOptions, 'adapter'>): Promise<TestApp> => {
    const app = await startApp({ adapter, controllers: [PagesController], ...options });
    open.push(app);
    return app;
  };
  afterEach(async () => {
    await Promise.all(open.splice(0).map((app) => app.close()));
  });
  const guard = (canActivate: CanActivate['canActivate']) => ({
    provide: APP_GUARD,
    useValue: { canActivate },
  });
  const filter = { provide: APP_FILTER, useClass: DirectFilter };

  describe.each(['access', 'master'] as const)('under default-access %s', (defaultAccess) => {
    const fastauth = {
      defaultAccess,
      publicTokenIssuance: true,
      introspectionAccess: 'master',
      issuer: 'https://issuer.example',
    } as const;

    it.each(GUARDS)('is the answer of our endpoints, where it %s', async (_name, canActivate, status) => {
      const app = await start({ fastauth, providers: [guard(canActivate)] });
      for (const [method, path, body, headers] of ENDPOINTS) {
        const answer = await app.request(method, path, {
          headers: { ...headers, ...(body && { 'content-type': 'application/json' }) },
          ...(body && { body }),
        });
        expect([method, path, answer.status, answer.body?.code]).not.toContain('missing_token');
        expect([method, path, answer.status]).toEqual([method, path, status]);
      }
    });

    it('is the answer where our guard is not global, and the other one is of request scope', async () => {
      class RefusingGuard implements CanActivate {
        canActivate(): boolean {
          return false;
        }
      }
      const app = await start({
        fastauth: { ...fastauth, globalGuard: false },
        providers: [{ provide: APP_GUARD, useClass: RefusingGuard, scope: Scope.REQUEST }, filter],
      });
      expect((await app.get('/.well-known/jwks.json')).status).toBe(403);
      expect((await app.get('/page/one')).status).toBe(403);
    });

    it.each(GUARDS)('is the answer of a public handler, where it %s', async (_name, canActivate, status) => {
      for (const providers of [[guard(canActivate)], [guard(canActivate), filter]]) {
        const app = await start({ fastauth, providers });
        const answers = [await app.get('/page/one'), await app.post('/login', {})];
        expect(answers.map((answer) => answer.status)).toEqual([status, status]);
        // A token is what is missing there, whatever the guard says.
        expect((await app.get('/page/one/more')).body.code).toBe('missing_token');
      }
    });

    it('is a 401 where a token is missing for the handler that is behind it', async () => {
      const providers = [guard(() => false), filter];
      const app = await start({ fastauth, providers });
      expect((await app.get('/page/inner')).status).toBe(adapter === 'fastify' ? 401 : 403);
    });

    it('reaches no raw route, no middleware and no unmatched path below an open handler', async () => {
      const app = await start({
        fastauth,
        providers: [guard(() => false), filter],
        configure: (nest) => {
          nest.use('/page/raw', (_: unknown, response: ServerResponse) => response.end('confidential'));
          nest.use('/auth/token/refresh', (_: unknown, response: ServerResponse) =>
            response.end('confidential'),
          );
          nest.use('/page/refused', (_: unknown, response: ServerResponse) => {
            response.statusCode = 403;
            response.end('confidential');
          });
        },
      });
      for (const path of ['/page/raw', '/page/refused', '/auth/token/refresh', '/nowhere']) {
        expect([path, (await app.get(path)).body?.code]).toEqual([path, 'missing_token']);
      }
    });

    it('is what the application’s filter says of a body that cannot be parsed, too', async () => {
      const app = await start({ fastauth, providers: [filter] });
      const answer = await app.request('POST', '/login', {
        headers: { 'content-type': 'application/json' },
        body: '{"a":',
      });
      expect([answer.status, answer.body]).toEqual([400, { told: 'by the filter' }]);
      expect((await app.get('/nowhere')).body.code).toBe('missing_token');
    });
  });
});

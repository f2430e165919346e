import type { ServerResponse } from 'node:http';
import {
  All,
  Controller,
  Get,
  HttpException,
  Next,
  Options,
  Post,
  Res,
  VersioningType,
} from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { afterEach, describe, expect, it } from '@jest/globals';
import { AccessOnly, Public } from '../../src/index.js';
import { ADAPTERS, MASTER_TOKEN, startApp, type TestApp, type TestAppOptions } from '../support/app.js';
import { rawRequest } from '../support/raw-request.js';

const MASTER = { 'MASTER-TOKEN': MASTER_TOKEN };

@Controller()
class FallbackController {
  @Public()
  @Get(':page')
  page() {
    return 'page';
  }
}

@Public()
@Controller({ host: 'cdn.example.com', path: 'files' })
class HostController {
  @Get(':name')
  file() {
    return 'of the host';
  }
}

@Public()
@Controller({ version: '2', path: 'files' })
class VersionController {
  @Get(':name')
  file() {
    return 'of the version';
  }
}

@Controller()
class WeakController {
  @AccessOnly()
  @Get(':page')
  page() {
    return 'page';
  }
}

/** Answers that begin in each way that Node has. */
const ANSWERS: Record<string, (response: ServerResponse) => void> = {
  end: (response) => response.end('confidential'),
  writeHead: (response) => response.writeHead(200, { 'x-secret': 'confidential' }).end('confidential'),
  writeHeader: (response) =>
    (response as unknown as { writeHeader(status: number): ServerResponse })
      .writeHeader(200)
      .end('confidential'),
  write: (response) => {
    response.write('confi');
    response.end('dential');
  },
  flushHeaders: (response) => {
    response.setHeader('x-secret', 'confidential');
    response.flushHeaders();
    response.end('confidential');
  },
  writeEarlyHints: (response) => {
    response.writeEarlyHints({ link: '</confidential>; rel=preload' });
    response.end('confidential');
  },
  later: (response) => void setTimeout(() => response.end('confidential'), 5),
};

interface RawInstance {
  get(path: string, handler: (request: unknown, response: { send(text: string): unknown }) => void): void;
}

describe.each(ADAPTERS)('an open handler on %s', (adapter) => {
  const open: TestApp[] = [];
  const start = async (options: Omit<TestAppOptions, 'adapter'>): Promise<TestApp> => {
    const app = await startApp({ adapter, ...options });
    open.push(app);
    return app;
  };
  afterEach(async () => {
    await Promise.all(open.splice(0).map((app) => app.close()));
  });

  it('opens itself, and nothing that its path covers', async () => {
    const app = await start({
      controllers: [FallbackController],
      fastauth: { defaultAccess: 'access' },
      configure: (nest) => {
        for (const [name, answer] of Object.entries(ANSWERS))
          nest.use(`/raw-${name}`, (_: unknown, response: ServerResponse) => answer(response));
        const instance: RawInstance = nest.getHttpAdapter().getInstance();
        instance.get('/debug', (_request, response) => void response.send('confidential'));
      },
    });
    expect((await app.get('/anything')).text).toBe('page');
    const access = { 'ACCESS-TOKEN': (await app.issue()).access_token };
    for (const path of [...Object.keys(ANSWERS).map((name) => `/raw-${name}`), '/debug']) {
      const refused = await app.get(path);
      expect([path, refused.status, refused.body]).toEqual([
        path,
        401,
        { detail: 'Invalid Access Token. Access Token is null', code: 'missing_token' },
      ]);
      expect(refused.headers.get('www-authenticate')).toBe('Bearer realm="fastauth"');
      expect([...refused.headers].join()).not.toContain('confidential');
      expect((await app.request('HEAD', path)).status).toBe(401);
      expect([path, (await app.get(path, access)).text]).toEqual([path, 'confidential']);
      expect((await app.get(path, { 'ACCESS-TOKEN': 'bad' })).body.code).toBe('invalid_token');
    }
  });

  it('that wants less than the default gives no more than itself for it', async () => {
    const app = await start({
      controllers: [WeakController],
      fastauth: { defaultAccess: 'master' },
      configure: (nest) =>
        nest.use('/raw', (_: unknown, response: ServerResponse) => response.end('confidential')),
    });
    const access = { 'ACCESS-TOKEN': (await app.issue()).access_token };
    expect((await app.get('/page', access)).text).toBe('page');
    expect((await app.get('/raw', access)).status).toBe(401);
    expect((await app.get('/raw', { ...access, ...MASTER })).text).toBe('confidential');
  });

  it.each([
    ['host', HostController, false, { Host: 'cdn.example.com' }],
    ['version', VersionController, true, { 'x-version': '2' }],
  ] as const)(
    'of one %s is open there, and opens nothing elsewhere',
    async (kind, controller, isVersioned, there) => {
      const app = await start({
        controllers: [controller],
        fastauth: { defaultAccess: 'master' },
        configure: (nest) => {
          if (isVersioned) nest.enableVersioning({ type: VersioningType.HEADER, header: 'x-version' });
          nest.use('/files/backup.sql', (_: unknown, response: ServerResponse) =>
            response.end('confidential'),
          );
        },
      });
      expect((await app.get('/files/backup.sql')).status).toBe(401);
      expect((await app.get('/files/other')).status).toBe(401);
      expect((await app.get('/files/backup.sql', MASTER)).text).toBe('confidential');
      // Nest 11 cannot tell hosts apart on Fastify, and fails.
      const unserved = kind === 'host' && adapter === 'fastify' ? [404, 500] : [404];
      expect(unserved).toContain((await app.get('/files/other', MASTER)).status);
      const own = await rawRequest(app.url, 'GET', '/files/other', there);
      expect(own).toMatchObject({ status: 200, body: `of the ${kind}` });
    },
  );

  it('waits for the store where something else begins the answer, and loses nothing of it', async () => {
    const app = await start({
      controllers: [FallbackController],
      fastauth: { defaultAccess: 'access', databaseUrl: 'memory:' },
      configure: (nest) =>
        nest.use('/stream', (_: unknown, response: ServerResponse) => {
          response.writeHead(206, 'Partial', { 'x-part': '1' });
          response.write('a'.repeat(100_000), () => response.write('b', () => response.end('c')));
        }),
    });
    const { TokenStore } = await import('../../src/index.js');
    const store = app.app.get(TokenStore);
    const find = store.find.bind(store);
    const access = { 'ACCESS-TOKEN': (await app.issue()).access_token };
    store.find = (async (...args: Parameters<typeof find>) => {
      await new Promise((resolve) => setImmediate(resolve));
      return find(...args);
    }) as typeof find;
    const answer = await app.get('/stream', access);
    expect([answer.status, answer.headers.get('x-part'), answer.text]).toEqual([
      206,
      '1',
      `${'a'.repeat(100_000)}bc`,
    ]);
    expect((await app.get('/stream')).status).toBe(401);
    expect((await app.get('/page')).text).toBe('page');
  });

  it('leaves to Nest what Nest refuses before our guard: a body that cannot be parsed', async () => {
    @Controller()
    class LoginController {
      @Public()
      @Post('login')
      login() {
        return 'welcome';
      }
    }
    const app = await start({ controllers: [LoginController], fastauth: { defaultAccess: 'access' } });
    const answer = await app.request('POST', '/login', {
      headers: { 'content-type': 'application/json' },
      body: '{"a":',
    });
    expect(answer.status).toBe(400);
    expect((await app.post('/login', {})).text).toBe('welcome');
  });

  it('leaves to Nest what a guard refuses that is asked before ours', async () => {
    const app = await start({
      controllers: [FallbackController],
      providers: [
        {
          provide: APP_GUARD,
          useValue: {
            canActivate() {
              throw new HttpException('Too many requests', 429);
            },
          },
        },
      ],
      fastauth: { defaultAccess: 'access' },
    });
    expect((await app.get('/page')).status).toBe(429);
  });

  it('that answers OPTIONS, or everything, goes on to', async () => {
    @Public()
    @Controller('open')
    class OpenController {
      @Options('options')
      options() {
        return 'options';
      }
      @All('all')
      all() {
        return 'all';
      }
    }
    const app = await start({ controllers: [OpenController], fastauth: { defaultAccess: 'access' } });
    const preflight = { Origin: 'https://page.example', 'Access-Control-Request-Method': 'GET' };
    expect((await app.request('OPTIONS', '/open/options', { headers: preflight })).text).toBe('options');
    expect((await app.request('DELETE', '/open/all')).text).toBe('all');
  });

  if (adapter === 'express') {
    it('that hands the request on answers for nobody', async () => {
      @Public()
      @Controller()
      class HandingController {
        @Get(':page')
        page(@Next() next: () => void, @Res() _response: unknown) {
          next();
        }
      }
      const app = await start({
        controllers: [HandingController],
        fastauth: { defaultAccess: 'access' },
        configure: (nest) => {
          nest.init().then(
            () => nest.use((_: unknown, response: ServerResponse) => response.end('confidential')),
            () => undefined,
          );
        },
      });
      expect((await app.get('/page')).status).toBe(401);
    });
  }
});

import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  Controller,
  Delete,
  Get,
  type MiddlewareConsumer,
  Module,
  type NestModule,
  Param,
  VersioningType,
} from '@nestjs/common';
import { RouterModule } from '@nestjs/core';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Public } from '../../src/index.js';
import { ADAPTERS, MASTER_TOKEN, startApp, type TestApp } from '../support/app.js';
import { RoutesController } from '../support/routes.controller.js';

const MASTER = { 'MASTER-TOKEN': MASTER_TOKEN };
const OPEN = ['/health', '/accessories'];
const ACCESS = ['/access/health', '/whoami', '/access/param'];
const MASTER_ONLY = ['/master/health', '/admin/whoami', '/master/param'];
const BOTH = ['/both/health', '/decorated/both'];

describe.each(ADAPTERS)('guarded routes on %s', (adapter) => {
  let app: TestApp;
  let access: Record<string, string>;
  beforeAll(async () => {
    app = await startApp({
      adapter,
      controllers: [RoutesController],
      fastauth: { accessTokenPaths: ['/access', '/both'], masterTokenPaths: ['/master', '/both'] },
    });
    access = { 'ACCESS-TOKEN': (await app.issue('c')).access_token };
  });
  afterAll(() => app.close());

  it.each(OPEN)('%s is open', async (path) => {
    expect((await app.get(path)).status).toBe(200);
  });

  it.each(ACCESS)('%s needs an access token', async (path) => {
    const none = await app.get(path);
    expect(none.status).toBe(401);
    expect(none.body).toEqual({
      detail: 'Invalid Access Token. Access Token is null',
      code: 'missing_token',
    });
    expect(none.headers.get('www-authenticate')).toBe('Bearer realm="fastauth"');
    expect((await app.get(path, MASTER)).status).toBe(401);
    expect((await app.get(path, access)).status).toBe(200);
    expect((await app.get(path, { Authorization: `bearer ${access['ACCESS-TOKEN']}` })).status).toBe(200);
  });

  it.each(MASTER_ONLY)('%s needs the master token', async (path) => {
    const none = await app.get(path);
    expect(none.status).toBe(401);
    expect(none.body).toEqual({ detail: 'Unauthorized Master Token', code: 'missing_token' });
    const wrong = await app.get(path, { 'MASTER-TOKEN': `${MASTER_TOKEN}x` });
    expect(wrong.body).toEqual({ detail: 'Unauthorized Master Token', code: 'invalid_token' });
    expect(wrong.headers.get('www-authenticate')).toContain('error="invalid_token"');
    expect((await app.get(path, access)).status).toBe(401);
    expect((await app.get(path, { Authorization: `Bearer ${MASTER_TOKEN}` })).status).toBe(401);
    expect((await app.get(path, MASTER)).status).toBe(200);
  });

  it.each(BOTH)('%s needs both', async (path) => {
    expect((await app.get(path, MASTER)).status).toBe(401);
    expect((await app.get(path, access)).status).toBe(401);
    const answer = await app.get(path, { ...MASTER, ...access });
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ level: 'master', clientId: 'c' });
  });

  it('gives handlers the principal', async () => {
    expect((await app.get('/whoami', access)).body).toMatchObject({
      level: 'access',
      clientId: 'c',
      claims: { client_id: 'c', type: 'access' },
    });
    expect((await app.get('/admin/whoami', MASTER)).body).toMatchObject({ level: 'master' });
  });

  it('answers each bad access token in the words of the original', async () => {
    const superseded = await app.issue('old');
    await app.issue('old');
    const expected = [
      ['garbage', 'Invalid Access Token. Error: Invalid token format.', 'invalid_token', 'MASTER-TOKEN'],
      [
        `${access['ACCESS-TOKEN']?.slice(0, -4)}AAAA`,
        'Invalid Access Token. Error: Signature verification failed.',
        'invalid_token',
      ],
      [superseded.access_token, 'Unauthorized Access Token', 'session_superseded'],
      [superseded.refresh_token, 'Unauthorized Access Token', 'wrong_token_type', 'refresh endpoint'],
    ] as const;
    for (const [token, detail, code, hint] of expected) {
      const answer = await app.get('/whoami', { 'ACCESS-TOKEN': token });
      expect(answer.status).toBe(401);
      expect(answer.body).toEqual({ detail, code, ...(hint && { hint: expect.stringContaining(hint) }) });
      expect(answer.headers.get('www-authenticate')).toBe(
        `Bearer realm="fastauth", error="invalid_token", error_description="${detail}"`,
      );
      expect(answer.text).not.toContain(token);
    }
  });

  it('refuses one credential sent twice with 400', async () => {
    const token = access['ACCESS-TOKEN'] as string;
    const cases: [string, string][][] = [
      [
        ['access-token', token],
        ['access-token', token],
      ],
      [
        ['access-token', token],
        ['authorization', `Bearer ${token}`],
      ],
      [
        ['authorization', `Bearer ${token}`],
        ['authorization', `Bearer ${token}`],
      ],
      [
        ['access-token', token],
        ['master-token', MASTER_TOKEN],
        ['master-token', MASTER_TOKEN],
      ],
    ];
    const { request } = await import('node:http');
    for (const headers of cases) {
      const status = await new Promise((resolve, reject) => {
        request(`${app.url}/whoami`, { headers: ['host', 'localhost', ...headers.flat()] }, (response) => {
          response.resume();
          resolve(response.statusCode);
        })
          .on('error', reject)
          .end();
      });
      expect(status).toBe(400);
    }
  });

  it('does not look for tokens elsewhere', async () => {
    const token = access['ACCESS-TOKEN'] as string;
    expect((await app.get(`/whoami?access_token=${token}`)).status).toBe(401);
    expect((await app.get('/whoami', { Cookie: `access-token=${token}` })).status).toBe(401);
    expect((await app.get('/whoami', { ACCESS_TOKEN: token })).status).toBe(401);
    expect(
      (await app.get('/whoami', { 'X-Original-URL': '/health', 'X-HTTP-Method-Override': 'OPTIONS' })).status,
    ).toBe(401);
  });

  it('guards what has no handler: 401 without a token, 404 with one', async () => {
    expect((await app.get('/access/nothing/here')).status).toBe(401);
    expect((await app.get('/access/nothing/here', access)).status).toBe(404);
    expect((await app.get('/nothing')).status).toBe(404);
  });

  it('guards HEAD, and OPTIONS too while CORS is off', async () => {
    expect((await app.request('HEAD', '/access/health')).status).toBe(401);
    expect((await app.request('OPTIONS', '/access/health')).status).toBe(401);
    expect((await app.request('HEAD', '/access/health', { headers: access })).status).toBe(200);
  });
});

@Public()
@Controller('profiles')
class ProfilesController {
  @Get(':name')
  profile(@Param('name') name: string) {
    return name;
  }
}

interface RawInstance {
  get(path: string, handler: (request: unknown, response: { send(text: string): unknown }) => void): void;
}

describe.each(ADAPTERS)('guarded routes on %s that the instance had before Nest', (adapter) => {
  it.each([{ accessTokenPaths: ['/access'] }, { defaultAccess: 'access' as const }])(
    'are guarded like all others: %j',
    async (fastauth) => {
      const app = await startApp({
        adapter,
        controllers: [RoutesController],
        fastauth,
        prepareAdapter: (bare) => {
          const instance: RawInstance = bare.getInstance();
          instance.get('/access/early', (_request, response) => void response.send('early'));
        },
      });
      try {
        expect((await app.get('/access/early')).status).toBe(401);
        const { access_token } = await app.issue();
        expect((await app.get('/access/early', { 'ACCESS-TOKEN': access_token })).text).toBe('early');
        expect((await app.get('/access/health', { 'ACCESS-TOKEN': access_token })).status).toBe(200);
      } finally {
        await app.close();
      }
    },
  );
});

@Controller(['reports', 'figures'])
class MountedController {
  @Get(['daily', ':year/all'])
  read() {
    return 'read';
  }
}

@Module({ controllers: [MountedController] })
class MountedModule {}

describe.each(ADAPTERS)('guarded routes on %s below a path of RouterModule', (adapter) => {
  it.each([
    ['/reports', ['/tenants/a/reports/daily', '/tenants/a/reports/2026/all'], ['/tenants/a/figures/daily']],
    ['/tenants/:id/figures', ['/tenants/a/figures/daily'], ['/tenants/a/reports/daily']],
  ])('are guarded by %s with and without that path', async (rule, guarded, open) => {
    for (const prefix of ['', '/api/v1']) {
      const app = await startApp({
        adapter,
        imports: [MountedModule, RouterModule.register([{ path: 'tenants/:id', module: MountedModule }])],
        fastauth: { accessTokenPaths: [rule] },
        configure: (nest) => {
          if (prefix === '') return;
          nest.setGlobalPrefix('api');
          nest.enableVersioning({ type: VersioningType.URI, defaultVersion: '1' });
        },
      });
      try {
        for (const path of guarded)
          expect([path, (await app.get(prefix + path)).status]).toEqual([path, 401]);
        for (const path of open) expect([path, (await app.get(prefix + path)).status]).toEqual([path, 200]);
      } finally {
        await app.close();
      }
    }
  });
});

@Controller('users')
class MountedUsersController {
  @Get(':id')
  find() {
    return 'found';
  }

  @Delete(':id')
  remove() {
    return 'removed';
  }

  @Get('files/:name')
  file() {
    return 'file';
  }
}

@Module({ controllers: [MountedUsersController] })
class MountedUsersModule implements NestModule {
  configure(consumer: MiddlewareConsumer) {
    const answer = (request: IncomingMessage, response: ServerResponse, next: () => void) =>
      request.headers['x-middleware'] === undefined ? next() : response.end('middleware');
    consumer.apply(answer).forRoutes(MountedUsersController);
  }
}

describe.each(ADAPTERS)('on %s, values of parameters below a path of RouterModule', (adapter) => {
  it.each(['acme', ':tenant', 'acme/inner'])('%s are guarded', async (mount) => {
    for (const prefix of ['', '/api/v1']) {
      const app = await startApp({
        adapter,
        imports: [MountedUsersModule, RouterModule.register([{ path: mount, module: MountedUsersModule }])],
        fastauth: {
          accessTokenPaths: [
            '/users/admin',
            '/users/files/secret',
            { path: '/users/x', methods: ['DELETE'] },
          ],
        },
        configure: (nest) => {
          if (prefix === '') return;
          nest.setGlobalPrefix('api');
          nest.enableVersioning({ type: VersioningType.URI, defaultVersion: '1' });
        },
      });
      const at = (path: string): string => `${prefix}/${mount.replace(':tenant', 'acme')}/users/${path}`;
      const status = async (method: string, path: string, headers = {}) =>
        (await app.request(method, at(path), { headers })).status;
      try {
        expect({
          admin: await status('GET', 'admin'),
          odd: await status('GET', '%61dmin'),
          byMiddleware: await status('GET', 'admin', { 'x-middleware': '1' }),
          file: await status('GET', 'files/secret'),
          removed: await status('DELETE', 'x'),
          read: await status('GET', 'x'),
          other: await status('GET', 'bob'),
          otherFile: await status('GET', 'files/open'),
        }).toEqual({
          admin: 401,
          odd: 401,
          byMiddleware: 401,
          file: 401,
          removed: 401,
          read: 200,
          other: 200,
          otherFile: 200,
        });
      } finally {
        await app.close();
      }
    }
  });
});

describe('guarded routes on express behind middleware that rewrites the URL', () => {
  it('are guarded as what the router sees, and as what was sent', async () => {
    const app = await startApp({
      adapter: 'express',
      imports: [MountedUsersModule],
      fastauth: { accessTokenPaths: ['/users/admin', '/gw/users/bob'] },
      configure: (nest) =>
        nest.use((request: IncomingMessage, _response: unknown, next: () => void) => {
          request.url = request.url?.replace(/^\/gw/, '');
          next();
        }),
    });
    try {
      const paths = ['/gw/users/admin', '/users/admin', '/gw/users/bob', '/users/bob', '/gw/users/eve'];
      const statuses = await Promise.all(paths.map(async (path) => (await app.get(path)).status));
      expect(statuses).toEqual([401, 401, 401, 200, 200]);
    } finally {
      await app.close();
    }
  });
});

describe.each(ADAPTERS)('guarded routes on %s with CORS', (adapter) => {
  it('let a preflight pass, and let the page read a refusal', async () => {
    const app = await startApp({
      adapter,
      controllers: [RoutesController],
      fastauth: { accessTokenPaths: ['/access'] },
      configure: (nest) => nest.enableCors({ origin: 'https://page.example' }),
    });
    try {
      const preflight = await app.request('OPTIONS', '/access/health', {
        headers: { Origin: 'https://page.example', 'Access-Control-Request-Method': 'GET' },
      });
      expect(preflight.status).toBe(204);
      const refused = await app.get('/access/health', { Origin: 'https://page.example' });
      expect(refused.status).toBe(401);
      expect(refused.headers.get('access-control-allow-origin')).toBe('https://page.example');
    } finally {
      await app.close();
    }
  });
});

describe.each(ADAPTERS)('routes on %s that a path rule and a decorator guard at two levels', (adapter) => {
  it.each([
    ['/admin/whoami', { accessTokenPaths: ['/admin'] }],
    ['/whoami', { masterTokenPaths: ['/whoami'] }],
  ])('%s tells whose tokens they were, whichever was asked for first', async (path, fastauth) => {
    const app = await startApp({ adapter, controllers: [RoutesController], fastauth });
    try {
      const { client_id, access_token } = await app.issue();
      const access = { 'ACCESS-TOKEN': access_token };
      expect((await app.get(path, access)).status).toBe(401);
      expect((await app.get(path, MASTER)).status).toBe(401);
      expect((await app.get(path, { ...access, ...MASTER })).body).toMatchObject({
        level: 'master',
        clientId: client_id,
        masterTokenName: expect.any(String),
      });
    } finally {
      await app.close();
    }
  });
});

@Controller()
class PagesController {
  @Public()
  @Get('open/page')
  open() {
    return 'open';
  }

  @Get(':page')
  page() {
    return 'page';
  }
}

describe.each(ADAPTERS)('default-access on %s', (adapter) => {
  it('closes what nobody opened', async () => {
    const app = await startApp({
      adapter,
      controllers: [RoutesController],
      fastauth: { defaultAccess: 'access' },
    });
    try {
      expect((await app.get('/health')).status).toBe(401);
      const { access_token } = await app.issue();
      expect((await app.get('/health', { 'ACCESS-TOKEN': access_token })).status).toBe(200);
      expect((await app.get('/auth/token/refresh?refresh_token=x')).body.message).toBe(
        'Invalid refresh token',
      );
      expect((await app.get('/nothing')).status).toBe(401);
    } finally {
      await app.close();
    }
  });

  it('leaves an open handler open whatever its parameter holds, and closes what only looks like it', async () => {
    const app = await startApp({
      adapter,
      controllers: [ProfilesController],
      fastauth: { defaultAccess: 'access' },
    });
    try {
      for (const name of ['ann@example.com', 'a b', '日本', '100%']) {
        const answer = await app.get(`/profiles/${encodeURIComponent(name)}`);
        expect([answer.status, answer.text]).toEqual([200, name]);
      }
      for (const path of ['/profiles/a%2Fb', '/profiles/%2e%2e%5Cb', '/profiles/a%20b/c', '/%70rofiles/a']) {
        expect([path, (await app.get(path)).status]).toEqual([path, 401]);
      }
    } finally {
      await app.close();
    }
  });

  it('closes what stands before a handler whose path covers it, and leaves open handlers open', async () => {
    const app = await startApp({
      adapter,
      controllers: [PagesController],
      fastauth: { defaultAccess: 'access' },
      // Answers before any handler, as a folder of static files does.
      configure: (nest) =>
        nest.use('/report.txt', (_: unknown, response: ServerResponse) => response.end('confidential')),
    });
    try {
      const refused = await app.get('/report.txt');
      expect(refused.status).toBe(401);
      expect(refused.text).not.toContain('confidential');
      const { access_token } = await app.issue();
      expect((await app.get('/report.txt', { 'ACCESS-TOKEN': access_token })).text).toBe('confidential');
      expect((await app.get('/open/page')).text).toBe('open');
      expect((await app.get('/other')).status).toBe(401);
    } finally {
      await app.close();
    }
  });
});

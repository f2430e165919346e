import { describe, expect, it } from '@jest/globals';
import { All, Controller, Get, type INestApplication, Post, type Type, VersioningType } from '@nestjs/common';
import { MessagePattern, Transport } from '@nestjs/microservices';
import { WsAdapter } from '@nestjs/platform-ws';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import {
  AccessOnly,
  AnyOf,
  Fresh,
  type AccessEntry,
  accessMap,
  MasterOnly,
  OptionalAccess,
  Public,
  Scopes,
} from '../../src/index.js';
import { type AcceptedEntry, compareWithBaseline, writeBaseline } from '../../src/routes/access-baseline.js';
import { faultsOf } from '../../src/routes/access-faults.js';
import { ADAPTERS, type AdapterName, startApp, type TestApp, type TestAppOptions } from '../support/app.js';

interface Sample {
  readonly controllers: Type[];
  readonly providers: Type[];
}

/** The decorators of the sample, by what they are on, so that each can be left out. */
const DECORATORS: Readonly<Record<string, readonly (ClassDecorator & MethodDecorator)[]>> = {
  list: [AccessOnly()],
  add: [Scopes('devices:write')],
  wipe: [MasterOnly()],
  audit: [AnyOf(MasterOnly(), Scopes('audit'))],
  rename: [Fresh(300)],
  greet: [OptionalAccess()],
  health: [Public()],
  sum: [AccessOnly()],
  feed: [AccessOnly()],
};

/** Classes of their own each time: decorators write on them. */
function sample(without?: string): Sample {
  const ask = (name: string): ClassDecorator & MethodDecorator =>
    ((...place: [object]) => {
      if (name === without) return;
      for (const decorate of DECORATORS[name] ?? []) (decorate as (...args: unknown[]) => void)(...place);
    }) as ClassDecorator & MethodDecorator;

  @Controller('devices')
  class DevicesController {
    @ask('list')
    @Get()
    list() {
      return [];
    }

    @ask('add')
    @Post()
    add() {
      return {};
    }

    @ask('wipe')
    @All('wipe')
    wipe() {
      return {};
    }

    @ask('audit')
    @Get(':id/audit')
    audit() {
      return {};
    }

    @ask('rename')
    @Post(':id/name')
    rename() {
      return {};
    }

    @ask('greet')
    @Get('greeting')
    greet() {
      return {};
    }

    @ask('sum')
    @MessagePattern({ cmd: 'sum' })
    sum() {
      return 0;
    }
  }

  @Controller()
  class HealthController {
    @ask('health')
    @Get(['health', 'alive'])
    health() {
      return {};
    }
  }

  @ask('feed')
  @WebSocketGateway({ path: '/feed' })
  class FeedGateway {
    @SubscribeMessage('join')
    join() {
      return {};
    }
  }
  return { controllers: [DevicesController, HealthController], providers: [FeedGateway] };
}

function start(
  adapter: AdapterName,
  options: Partial<TestAppOptions> = {},
  without?: string,
): Promise<TestApp> {
  return startApp({
    adapter,
    ...sample(without),
    configure: (app) => {
      app.useWebSocketAdapter(new WsAdapter(app));
      addRawRoute(app);
    },
    ...options,
  });
}

function addRawRoute(app: INestApplication): void {
  const instance: {
    get(path: string, handler: (request: object, reply: { send(text: string): void }) => void): void;
  } = app.getHttpAdapter().getInstance();
  instance.get('/raw/status', (_request, reply) => void reply.send('raw'));
}

const entryOf = (app: INestApplication, name: string): AccessEntry | undefined =>
  accessMap(app).entries.find((entry) => entry.name === name);

const withReason = ({ name }: AcceptedEntry): AcceptedEntry => ({ name, reason: 'on purpose' });

describe.each(ADAPTERS)('the access map on %s', (adapter) => {
  it('lists all that can be called, what it requires and why', async () => {
    const { app, close } = await start(adapter, {
      fastauth: { masterTokenPaths: ['/raw'], accessTokenPaths: ['/dead'] },
    });
    const { entries, deadRules } = accessMap(app);
    const own = entries.filter(({ isOwnEndpoint }) => isOwnEndpoint);
    const told = Object.fromEntries(
      entries
        .filter(({ isOwnEndpoint }) => !isOwnEndpoint)
        .map(({ kind, name, requires, origins }) => [name, [kind, requires, ...origins]]),
    );
    expect(told).toEqual({
      'GET /devices': ['route', 'access', 'decorator'],
      'POST /devices': ['route', 'access with scope "devices:write"', 'decorator'],
      'ALL /devices/wipe': ['route', 'master', 'decorator'],
      'GET /devices/:id/audit': ['route', 'master or access with scope "audit"', 'decorator'],
      'POST /devices/:id/name': ['route', 'access of a session begun at most 300 s ago', 'decorator'],
      'GET /devices/greeting': ['route', 'public, an access token is checked if sent', 'decorator'],
      'GET /health': ['route', 'public', 'decorator'],
      'GET /alive': ['route', 'public', 'decorator'],
      'WebSocket /feed': ['gateway', 'access', 'decorator'],
      'WebSocket /feed join': ['event', 'access', 'decorator'],
      'message pattern {"cmd":"sum"}': ['message', 'access', 'decorator'],
      'GET /raw/status': ['raw', 'master', 'path rule "/raw"'],
    });
    expect(own.map(({ name }) => name)).toContain('POST /auth/token/new');
    expect(own.every(({ origins }) => origins[0] === 'own endpoint')).toBe(true);
    expect(deadRules).toEqual([expect.stringContaining('"/dead"')]);
    await close();
  });

  it.each([
    {},
    { defaultAccess: 'access' as const, publicPaths: ['/raw'] },
    { masterTokenPaths: ['/devices'] },
  ])('says what strangers are answered with %j', async (fastauth) => {
    const { app, request, close } = await start(adapter, { fastauth });
    const { entries } = accessMap(app);
    const overHttp = entries.filter(({ kind }) => kind === 'route' || kind === 'raw');
    const answers = await Promise.all(
      overHttp.map(async ({ name, isOpen, isOwnEndpoint }) => {
        const [method = '', pattern = ''] = name.split(' ');
        const { status, body } = await request(
          method === 'ALL' ? 'GET' : method,
          pattern.replace(':id', '7'),
        );
        // What needs no credential of ours may still ask for parameters or for a client.
        const isRefused = status === 401 && body?.code === 'missing_token';
        return isOwnEndpoint && isOpen ? [name, isOpen, true] : [name, isOpen, !isRefused];
      }),
    );
    expect(answers.filter(([, isOpen, answered]) => isOpen !== answered)).toEqual([]);
    await close();
  });

  it('tells apart what settings open from what is always open', async () => {
    const closed = await start(adapter, { fastauth: { publicPaths: ['/raw'], console: true } });
    const map = accessMap(closed.app);
    const baseline = writeBaseline(map);
    expect(baseline.open.filter(({ name }) => name.includes('/auth/'))).toEqual([]);
    expect(entryOf(closed.app, 'POST /auth/console/keys/rotate')).toMatchObject({
      requires: 'console cookie',
      isOpen: false,
    });
    await closed.close();
    const { app, close } = await start(adapter, {
      fastauth: { publicPaths: ['/raw'], publicTokenIssuance: true, introspectionAccess: 'public' },
    });
    const opened = ['GET /auth/token/new', 'POST /auth/token/introspect', 'POST /auth/token/new'];
    expect(compareWithBaseline(accessMap(app), { open: baseline.open.map(withReason) })).toEqual(
      opened.map((name) => expect.stringContaining(`${name} is open and not in the baseline`)),
    );
    expect(opened.map((name) => entryOf(app, name))).toMatchObject([
      { isOpen: true, isMarkedPublic: false, origins: ['own endpoint', 'public-token-issuance'] },
      { isOpen: true, isMarkedPublic: false, origins: ['own endpoint', 'introspection-access'] },
      { isOpen: true, isMarkedPublic: false, origins: ['own endpoint', 'public-token-issuance'] },
    ]);
    expect(faultsOf(accessMap(app), 'unguarded')).toEqual([]);
    await close();
  });

  it('tells that access is only observed', async () => {
    const { app, clock, close } = await start(adapter, {
      fastauth: { enforcement: 'observe', observeUntil: '2030-01-31' },
    });
    expect(faultsOf(accessMap(app), 'unenforced')).toEqual([
      expect.stringContaining('only observed until 2030-01-31T00:00:00.000Z'),
    ]);
    clock.advance(Date.parse('2030-01-31') / 1000 - clock.seconds);
    expect(faultsOf(accessMap(app), 'unenforced')).toEqual([]);
    await close();
  });

  it('finds nothing unguarded, and with any one decorator less it does', async () => {
    const whole = await start(adapter, { fastauth: { publicPaths: ['/raw'] } });
    expect(faultsOf(accessMap(whole.app), 'unguarded')).toEqual([]);
    await whole.close();
    for (const without of Object.keys(DECORATORS)) {
      const { app, close } = await start(adapter, { fastauth: { publicPaths: ['/raw'] } }, without);
      expect([without, faultsOf(accessMap(app), 'unguarded').length > 0]).toEqual([without, true]);
      await close();
    }
  });

  it('tells a raw route as open', async () => {
    const { app, close } = await start(adapter);
    expect(entryOf(app, 'GET /raw/status')).toMatchObject({
      isOpen: true,
      origins: ['nothing asks for more'],
    });
    expect(faultsOf(accessMap(app), 'unguarded')).toEqual([
      expect.stringContaining('GET /raw/status is open'),
    ]);
    await close();
  });

  it('knows Nest’s own answer of 404 where a global prefix leaves a path out, and nothing else there', async () => {
    const { app, close } = await start(adapter, {
      configure: (nest) => {
        nest.setGlobalPrefix('api', { exclude: ['health'] });
        nest.useWebSocketAdapter(new WsAdapter(nest));
        addRawRoute(nest);
      },
    });
    const raw = accessMap(app).entries.filter(({ kind }) => kind === 'raw');
    expect(raw.map(({ name }) => name)).toEqual(['GET /raw/status']);
    await close();
  });

  it('tells a message that only default-access guards as one that nobody may ask', async () => {
    const { app, close } = await start(adapter, { fastauth: { defaultAccess: 'access' } }, 'sum');
    expect(accessMap(app).unenforced).toEqual([expect.stringContaining('{"cmd":"sum"}')]);
    await close();
  });

  it.each([VersioningType.HEADER, VersioningType.URI] as const)(
    'tells apart what differs by host, version (of type %s), port or transport alone',
    async (type) => {
      @Controller({ path: 'h', host: 'admin.example.com' })
      class HostController {
        @Get()
        of() {
          return {};
        }

        @MessagePattern('sum', Transport.NATS)
        nats() {
          return 0;
        }

        @MessagePattern('sum', Symbol('own'))
        own() {
          return 0;
        }

        @MessagePattern('sum')
        any() {
          return 0;
        }
      }
      @Controller({ path: 'v', version: ['1', '2'] })
      class VersionController {
        @Get()
        of() {
          return {};
        }
      }
      @WebSocketGateway(0, { path: '/w' })
      class Gateway {}
      @WebSocketGateway(47_113, { path: '/w' })
      class PortGateway {
        @SubscribeMessage('join')
        join() {
          return {};
        }
      }
      const { app, close } = await startApp({
        adapter,
        controllers: [HostController, VersionController],
        providers: [Gateway, PortGateway],
        configure: (nest) => {
          nest.enableVersioning(type === VersioningType.URI ? { type } : { type, header: 'x-version' });
          nest.useWebSocketAdapter(new WsAdapter(nest));
          if (adapter === 'fastify') addRouteOfHost(nest);
        },
      });
      const names = accessMap(app)
        .entries.filter(({ isOwnEndpoint }) => !isOwnEndpoint)
        .map(({ name }) => name);
      expect(names.toSorted()).toEqual(
        [
          'GET /h (host admin.example.com)',
          ...(type === VersioningType.URI ? ['GET /v1/v', 'GET /v2/v'] : ['GET /v (version 1, 2)']),
          'WebSocket /w',
          'WebSocket /w (port 47113)',
          'WebSocket /w (port 47113) join',
          'message pattern sum (transport NATS)',
          'message pattern sum (transport Symbol(own))',
          'message pattern sum',
          ...(adapter === 'fastify' ? ['GET /h (host raw.example.com)'] : []),
        ].toSorted(),
      );
      await close();
    },
  );
});

/** On the path of a controller, for another host. */
function addRouteOfHost(app: INestApplication): void {
  const instance: { route(options: object): void } = app.getHttpAdapter().getInstance();
  instance.route({
    method: 'GET',
    url: '/h',
    constraints: { host: 'raw.example.com' },
    handler: () => 'raw',
  });
}

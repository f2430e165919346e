import { afterEach, describe, expect, it } from '@jest/globals';
import {
  All,
  Controller,
  Get,
  Head,
  type INestApplication,
  Module,
  Post,
  RequestMethod,
  Scope,
  type Type,
  Version,
  VERSION_NEUTRAL,
  VersioningType,
  type VersioningOptions,
} from '@nestjs/common';
import { type AbstractHttpAdapter, NestFactory, RouterModule } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { type Route, RouteTable } from './route-table.js';

@Controller(['access', 'zugang'])
class ArrayController {
  @Get(['health', 'deep/:id'])
  health(): void {}

  @All('any')
  any(): void {}

  noRoute(): void {}
}

class Base {
  @Get('inherited')
  inherited(): void {}
}

@Controller({ path: 'versioned', version: ['1', VERSION_NEUTRAL], host: 'one.example' })
class VersionedController extends Base {
  @Get()
  root(): void {}

  @Version('2')
  @Post('second/')
  second(): void {}

  @Head('rest/:name')
  rest(): void {}
}

@Controller({ path: 'scoped', scope: Scope.REQUEST })
class ScopedController {
  @Get(':section/health')
  health(): void {}
}

@Controller()
class RootController {
  @Get()
  root(): void {}

  @Get('excluded/:id')
  excluded(): void {}
}

@Module({ controllers: [ArrayController, VersionedController] })
class InnerModule {}

@Module({
  imports: [InnerModule, RouterModule.register([{ path: 'inner', module: InnerModule }])],
  controllers: [ScopedController, RootController],
  providers: [RouteTable],
})
class AppModule {}

const METHODS = ['get', 'post', 'put', 'delete', 'patch', 'all', 'options', 'head'] as const;
const ADAPTERS: Readonly<Record<string, () => AbstractHttpAdapter>> = {
  Express: () => new ExpressAdapter(),
  Fastify: () => new FastifyAdapter(),
};

describe.each(Object.entries(ADAPTERS))('the route table on %s', (_, createAdapter) => {
  let app: INestApplication | undefined;
  let registered: string[] = [];

  afterEach(async () => app?.close());

  async function start(
    setUp: (app: INestApplication) => void,
    module: Type<unknown> = AppModule,
  ): Promise<RouteTable> {
    const adapter = createAdapter();
    registered = [];
    app = await NestFactory.create(module, adapter, { logger: false });
    record(adapter, registered);
    setUp(app);
    await app.init();
    return app.get(RouteTable);
  }

  const settings: Readonly<Record<string, (app: INestApplication) => void>> = {
    'as it is': () => undefined,
    'with a global prefix': (it) => it.setGlobalPrefix('api/'),
    'with a global prefix and exclusions': (it) =>
      it.setGlobalPrefix('api', {
        exclude: ['/', { path: 'excluded/:id', method: RequestMethod.GET }, 'inner/access/deep/:id'],
      }),
    'with URI versions': (it) => it.enableVersioning({ type: VersioningType.URI }),
    'with URI versions of another prefix': (it) =>
      it.enableVersioning({ type: VersioningType.URI, prefix: false }),
    'with a default version': (it) =>
      it.enableVersioning({ type: VersioningType.URI, defaultVersion: ['3', '4'] }),
    'with a neutral default version': (it) => {
      it.setGlobalPrefix('api', { exclude: ['excluded/:id'] });
      it.enableVersioning({ type: VersioningType.URI, defaultVersion: VERSION_NEUTRAL });
    },
    'with header versions': (it) =>
      it.enableVersioning({ type: VersioningType.HEADER, header: 'V' } satisfies VersioningOptions),
  };

  it.each(Object.entries(settings))('lists what Nest registers, %s', async (__, setUp) => {
    const table = await start(setUp);
    expect(lines(table.routes)).toEqual([...new Set(registered)].sort());
    expect(registered.length).toBeGreaterThan(10);
  });

  it('knows what was declared where', async () => {
    const table = await start((it) => {
      it.setGlobalPrefix('api');
      it.enableVersioning({ type: VersioningType.URI, defaultVersion: '3' });
    });
    const [health] = table.routes.filter(({ handler }) => handler === ArrayController.prototype.health);
    expect(health).toEqual({
      isVersionedByPath: true,
      method: 'GET',
      patterns: [
        '/api/v3/inner/access/health',
        '/api/v3/inner/access/deep/:id',
        '/api/v3/inner/zugang/health',
        '/api/v3/inner/zugang/deep/:id',
      ],
      withoutModulePath: new Map([
        ['/api/v3/inner/access/health', ['/api/v3/access/health']],
        ['/api/v3/inner/access/deep/:id', ['/api/v3/access/deep/:id']],
        ['/api/v3/inner/zugang/health', ['/api/v3/zugang/health']],
        ['/api/v3/inner/zugang/deep/:id', ['/api/v3/zugang/deep/:id']],
      ]),
      controller: ArrayController,
      handlerName: 'health',
      handler: ArrayController.prototype.health,
      versions: ['3'],
      hosts: [],
    });
    const [inherited] = table.routes.filter(({ handlerName }) => handlerName === 'inherited');
    expect(inherited).toMatchObject({
      controller: VersionedController,
      handler: Base.prototype.inherited,
      hosts: ['one.example'],
    });
    expect(table.prefixes()).toEqual({ globalPrefix: 'api', versionPrefixes: ['v3', 'v1', 'v2'] });
  });

  it('knows the prefixes of other settings', async () => {
    const plain = await start(() => undefined);
    expect(plain.prefixes()).toEqual({ globalPrefix: '', versionPrefixes: [] });
    expect(plain.pathsWithoutModule().get('/inner/access/any')).toEqual(['/access/any']);
    expect([...plain.pathsWithoutModule().keys()]).not.toContain('/:section/health');
    await app?.close();
    const bare = await start((it) => it.enableVersioning({ type: VersioningType.URI, prefix: false }));
    expect(bare.prefixes().versionPrefixes).toEqual(['1', '2']);
  });

  it('knows what routes would be with less of the path of nested modules', async () => {
    @Module({
      imports: [
        RouterModule.register([
          {
            path: 'outer/:id',
            children: [{ path: 'middle', children: [{ path: 'inner', module: InnerModule }] }],
          },
        ]),
        InnerModule,
      ],
      providers: [RouteTable],
    })
    class NestedModule {}
    const table = await start((it) => it.setGlobalPrefix('api'), NestedModule);
    expect(table.pathsWithoutModule().get('/api/outer/:id/middle/inner/access/any')).toEqual([
      '/api/:id/middle/inner/access/any',
      '/api/middle/inner/access/any',
      '/api/inner/access/any',
      '/api/access/any',
    ]);
  });

  it('keeps the routes that Nest has registered, and tells prefixes that are set later apart', async () => {
    const table = await start((it) => it.setGlobalPrefix('api'));
    let changes = 0;
    table.whenPrefixesChange(() => changes++);
    app?.setGlobalPrefix('late');
    expect(lines(table.routes)).toContain('GET /api/excluded/:id');
    expect(table.prefixes().globalPrefix).toBe('api');
    expect(table.latePrefixes()?.globalPrefix).toBe('late');
    expect(changes).toBeGreaterThan(0);
  });

  it('is not fixed before the application is set up', async () => {
    const adapter = createAdapter();
    app = await NestFactory.create(AppModule, adapter, { logger: false });
    const table = app.get(RouteTable);
    expect(lines(table.routes)).toContain('GET /excluded/:id');
    app.setGlobalPrefix('api');
    await app.init();
    expect(lines(table.routes)).toContain('GET /api/excluded/:id');
  });
});

function record(adapter: AbstractHttpAdapter, into: string[]): void {
  for (const name of METHODS) {
    const original = adapter[name].bind(adapter) as (...args: unknown[]) => unknown;
    Object.assign(adapter, {
      [name]: (...args: unknown[]) => {
        into.push(`${name.toUpperCase()} ${String(args[0])}`);
        return original(...args);
      },
    });
  }
}

function lines(routes: readonly Route[]): string[] {
  return [
    ...new Set(routes.flatMap(({ method, patterns }) => patterns.map((pattern) => `${method} ${pattern}`))),
  ].sort();
}

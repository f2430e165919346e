import type { Server } from 'node:http';
import type { AddressInfo, Server as TcpServer } from 'node:net';
import {
  type CanActivate,
  Controller,
  type ExecutionContext,
  Get,
  type INestApplication,
  Injectable,
  Logger,
  Module,
  type Type,
} from '@nestjs/common';
import { APP_GUARD, ExternalContextCreator, NestFactory } from '@nestjs/core';
import { OnEvent } from '@nestjs/event-emitter';
import {
  type ClientProxy,
  ClientProxyFactory,
  MessagePattern,
  type MicroserviceOptions,
  Transport,
} from '@nestjs/microservices';
import { ExpressAdapter } from '@nestjs/platform-express';
import { WsAdapter } from '@nestjs/platform-ws';
import { Test } from '@nestjs/testing';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import express from 'express';
import { lastValueFrom } from 'rxjs';
import { WebSocket } from 'ws';
import {
  AccessOnly,
  CurrentPrincipal,
  FastauthModule,
  HttpGuard,
  MasterOnly,
  type Principal,
  principalOf,
  Public,
  TokenService,
} from '../../src/index.js';
import { ADAPTERS, MASTER_TOKEN, OPTIONS, startApp, type TestApp } from '../support/app.js';
import { applyMixins, InProxy } from '../support/mixins.js';

const MASTER = { 'MASTER-TOKEN': MASTER_TOKEN };

@Controller('things')
class Things {
  @MasterOnly() @Get('secret') secret() {
    return 'content';
  }
  @Public() @Get('open') open() {
    return 'open';
  }
  @Get('plain') plain(@CurrentPrincipal() principal?: Principal) {
    return { principal: principal ?? null };
  }
  @AccessOnly() @MessagePattern('guarded') guarded() {
    return 'content';
  }
  @Public() @MessagePattern('open') openMessage() {
    return 'open';
  }
  @MessagePattern('plain') plainMessage() {
    return 'plain';
  }
}

@Controller('things')
class CopiedThings {}
applyMixins(CopiedThings, Things);
@Controller('things')
@InProxy()
class ThingsInProxy extends Things {}

const closing: { close(): unknown }[] = [];
let errors: jest.SpiedFunction<Logger['error']>;
beforeEach(() => {
  errors = jest.spyOn(Logger.prototype, 'error').mockImplementation(() => {});
  jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => {});
});
afterEach(async () => {
  jest.restoreAllMocks();
  for (const one of closing.splice(0).toReversed()) await one.close();
});

describe('a decorator where nobody asks', () => {
  it.each([
    ['itself', Things],
    ['a copy of its methods', CopiedThings],
    ['a proxy', ThingsInProxy],
  ])(
    'refuses with 500, and says what to import, in an application without the module: %s',
    async (_how, controller) => {
      @Module({ controllers: [controller] })
      class Forgetful {}
      const app = await NestFactory.create(Forgetful, { logger: false });
      closing.push(app);
      await app.listen(0, '127.0.0.1');
      const get = async (path: string) => fetch((await app.getUrl()) + path, { headers: MASTER });
      const answer = await get('/things/secret');
      expect(answer.status).toBe(500);
      expect(await answer.json()).toEqual({
        detail: 'FastauthModule is not imported',
        code: 'module_not_imported',
      });
      await get('/things/secret');
      expect(errors.mock.calls).toEqual([
        [expect.stringMatching(/Things\w* asks for a token.*Add FastauthModule\.forRoot\(\) to the imports/)],
      ]);
      expect((await get('/things/open')).status).toBe(200);
      expect((await get('/things/plain')).status).toBe(200);
    },
  );

  it('leaves unit tests of decorated classes as they were', async () => {
    const module = await Test.createTestingModule({ controllers: [Things] }).compile();
    closing.push(module);
    expect(module.get(Things).secret()).toBe('content');
    expect(new Things().secret()).toBe('content');
  });

  const clientOf = (port: number): ClientProxy => {
    const client = ClientProxyFactory.create({
      transport: Transport.TCP,
      options: { host: '127.0.0.1', port },
    });
    closing.push(client);
    return client;
  };
  const send = (client: ClientProxy, pattern: string) =>
    lastValueFrom(client.send<unknown>(pattern, {})).catch((error: unknown) => error);

  it.each([
    [true, Things],
    [false, Things],
    [true, CopiedThings],
    [false, CopiedThings],
  ])('is asked in a hybrid microservice with inheritAppConfig %s, at %p', async (inherits, controller) => {
    let service!: ReturnType<INestApplication['connectMicroservice']>;
    const app = await startApp({
      adapter: 'express',
      controllers: [controller],
      configure: (nest) => {
        service = nest.connectMicroservice<MicroserviceOptions>(
          { transport: Transport.TCP, options: { host: '127.0.0.1', port: 0 } },
          { inheritAppConfig: inherits },
        );
      },
    });
    closing.push(app);
    await app.app.startAllMicroservices();
    const { port } = service.unwrap<TcpServer>().address() as AddressInfo;
    const client = clientOf(port);
    expect(await send(client, 'guarded')).toMatchObject({ status: 'error' });
    // Where nothing is declared, only the global guard, where it is asked, has anything against it.
    const undeclared = (content: string) =>
      inherits
        ? {
            status: 'error',
            message: 'This kind of call is not open to anybody',
            code: 'unsupported_context',
            requestId: expect.stringMatching(/^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/) as unknown,
          }
        : content;
    // What opens a method is not copied with it.
    expect(await send(client, 'open')).toEqual(controller === Things ? 'open' : undeclared('open'));
    expect(await send(client, 'plain')).toEqual(undeclared('plain'));
  });

  it.each([false, true])(
    'is asked about messages of gateways with globalGuard: false, copied: %s',
    async (isCopied) => {
      class Handlers {
        @AccessOnly() @SubscribeMessage('guarded') guarded() {
          return { event: 'guarded', data: 'content' };
        }
        @SubscribeMessage('plain') plain() {
          return { event: 'plain', data: 'plain' };
        }
      }
      @WebSocketGateway({ path: '/socket' })
      class Copied {}
      applyMixins(Copied, Handlers);
      @WebSocketGateway({ path: '/socket' })
      class Inherited extends Handlers {}
      const app = await startApp({
        adapter: 'express',
        providers: [isCopied ? Copied : Inherited],
        fastauth: { globalGuard: false },
        configure: (nest) => nest.useWebSocketAdapter(new WsAdapter(nest)),
      });
      closing.push(app);
      const heard: unknown[] = [];
      const socket = new WebSocket(`${app.url.replace('http', 'ws')}/socket`);
      socket.on('message', (frame: Buffer) => heard.push(JSON.parse(frame.toString())));
      await new Promise((resolve) => socket.once('open', resolve));
      socket.send('{"event":"guarded"}');
      socket.send('{"event":"plain"}');
      while (!JSON.stringify(heard).includes('"plain"'))
        await new Promise((resolve) => setTimeout(resolve, 5));
      expect(JSON.stringify(heard)).not.toContain('content');
      socket.terminate();
    },
  );
});

describe('an application does not start with a decorator', () => {
  const start = async (providers: object[], controllers: Type[] = []): Promise<unknown> => {
    @Module({
      imports: [FastauthModule.forRoot(OPTIONS)],
      providers: providers as never[],
      controllers,
    })
    class App {}
    const app = await NestFactory.create(App, { logger: false, abortOnError: false });
    closing.push(app);
    app.useWebSocketAdapter(new WsAdapter(app));
    return app.init();
  };

  @WebSocketGateway({ path: '/made' })
  class Made {
    @AccessOnly() @SubscribeMessage('x') x() {}
  }
  it.each([
    ['useFactory', [{ provide: Made, useFactory: () => new Made() }]],
    ['useValue', [{ provide: Made, useValue: new Made() }]],
  ])('on a gateway that is made by %s', async (_how, providers) => {
    await expect(start(providers)).rejects.toThrow(/Made asks for a token.*List the class itself/s);
  });

  @Injectable()
  class Listener {
    @MasterOnly() @OnEvent('x') heard() {}
  }
  @Injectable()
  @AccessOnly()
  class ListenerOfClass {
    @OnEvent('x') heard() {}
  }
  @Controller('mixed')
  class Mixed {
    @MasterOnly() @OnEvent('x') heard() {}
  }
  it.each([
    ['a listener', [Listener], []],
    ['a class of listeners', [ListenerOfClass], []],
    ['a listener of a controller', [], [Mixed]],
  ] as const)('on %s', async (_what, providers, controllers) => {
    await expect(start([...providers], [...controllers])).rejects.toThrow(
      /heard asks for a token, but Nest asks no guard before what @OnEvent\(\) calls/,
    );
  });

  it.each([
    ['a property', () => (Reflect.decorate([AccessOnly()], class {}.prototype, 'x', undefined), undefined)],
    ['a static method', () => Reflect.decorate([AccessOnly()], class X {}, 'x', { value: () => 1 })],
    ['an accessor', () => Reflect.decorate([MasterOnly()], class {}.prototype, 'x', { get: () => 1 })],
  ])('on %s, where it throws at once', (_what, decorate) => {
    expect(decorate).toThrow(/could guard nothing\. Put it on a class, or on a method/);
  });

  it('on a class whose constructor returns an instance of another', async () => {
    @Controller('other')
    class Other {
      @Get('a') a() {
        return 'content';
      }
    }
    @MasterOnly()
    @Controller('delegating')
    class Delegating {
      constructor() {
        return new Other();
      }
      a() {}
    }
    await expect(start([], [Delegating])).rejects.toThrow(
      /Delegating asks for a token.*returns an instance of Other, whose decorators count\. Put ours on Other\./,
    );
  });

  it('but does where a class has an accessor under the name of a method that it inherits', async () => {
    class Parent {
      @MasterOnly() @Get('a') a(): unknown {
        return 'content';
      }
    }
    @Controller('accessor')
    class Accessor {
      @AccessOnly() @Get('b') b() {}
    }
    Object.setPrototypeOf(Accessor.prototype, Parent.prototype);
    Object.defineProperty(Accessor.prototype, 'a', {
      get(this: object) {
        if (this === Accessor.prototype) throw new Error('called without an instance');
        return () => 'content';
      },
    });
    await expect(start([], [Accessor])).resolves.toBeDefined();
  });

  it('but does with one on the class of a gateway that also listens to events', async () => {
    @WebSocketGateway({ path: '/listens' })
    @AccessOnly()
    class Listens {
      @SubscribeMessage('x') x() {}
      @OnEvent('x') heard() {}
    }
    await expect(start([Listens])).resolves.toBeDefined();
  });
});

describe.each(ADAPTERS)('on %s', (adapter) => {
  const start = async (options: Omit<Parameters<typeof startApp>[0], 'adapter'>): Promise<TestApp> => {
    const app = await startApp({ adapter, ...options });
    closing.push(app);
    return app;
  };

  it('hands out the principal of no request that proved nothing, and forgets what another application showed', async () => {
    const app = await start({ controllers: [Things] });
    const { access_token } = await app.issue();
    const { body } = await app.get('/things/plain', { 'ACCESS-TOKEN': access_token });
    expect(body).toEqual({ principal: null });
  });

  it('names the headers that it looked at, and keeps answers from shared caches unless told otherwise', async () => {
    @Controller('cached')
    class Cached {
      @AccessOnly() @Get('plain') plain() {
        return 'x';
      }
      @AccessOnly() @MasterOnly() @Get('both') both() {
        return 'x';
      }
      @MasterOnly() @Get('told') told() {
        return 'x';
      }
      @Get('open') open() {
        return 'x';
      }
    }
    const app = await start({
      controllers: [Cached],
      fastauth: { accessTokenPaths: ['/cached/told'] },
      configure: (nest) =>
        nest.use(
          (
            _request: unknown,
            response: Server & { setHeader(n: string, v: string): void },
            next: () => void,
          ) => {
            response.setHeader('Vary', 'Origin');
            next();
          },
        ),
    });
    const token = { 'ACCESS-TOKEN': (await app.issue()).access_token };
    const headersOf = async (path: string) => {
      const { status, headers } = await app.get(path, { ...token, ...MASTER });
      expect(status).toBe(200);
      return [headers.get('vary'), headers.get('cache-control')];
    };
    expect(await headersOf('/cached/plain')).toEqual(['Origin, ACCESS-TOKEN, Authorization', 'private']);
    expect(await headersOf('/cached/both')).toEqual([
      'Origin, ACCESS-TOKEN, Authorization, MASTER-TOKEN',
      'private',
    ]);
    expect(await headersOf('/cached/told')).toEqual([
      'Origin, ACCESS-TOKEN, Authorization, MASTER-TOKEN',
      'private',
    ]);
    expect(await headersOf('/cached/open')).toEqual(['Origin', null]);
  });

  it('asks an HttpGuard of the application in the place of ours', async () => {
    let asked = 0;
    @Injectable()
    class Counting extends HttpGuard {
      override canActivate(context: ExecutionContext) {
        asked++;
        return super.canActivate(context);
      }
    }
    const app = await start({ controllers: [Things], fastauth: { httpGuard: Counting } });
    expect((await app.get('/things/secret')).status).toBe(401);
    expect((await app.get('/things/secret', MASTER)).status).toBe(200);
    expect(asked).toBe(2);
  });

  it('refuses calls of a kind that it does not know, or without a request, unless they are marked open', async () => {
    class Handlers {
      @Public() open() {
        return 'open';
      }
      @AccessOnly() guarded() {
        return 'content';
      }
      plain() {
        return 'plain';
      }
    }
    @Injectable()
    class MailGuard implements CanActivate {
      canActivate(context: ExecutionContext) {
        return context.getArgByIndex(0) === 'from a friend';
      }
    }
    const app = await start({
      fastauth: { accessTokenPaths: ['/somewhere'], contextGuards: { mail: MailGuard } },
    });
    const creator = app.app.get(ExternalContextCreator, { strict: false });
    const handlers = new Handlers();
    const call = (type: string, method: 'open' | 'guarded' | 'plain', ...args: unknown[]): unknown => {
      const none = undefined;
      const options = { guards: true, interceptors: false, filters: false };
      const handler = creator.create(
        handlers,
        handlers[method],
        method,
        none,
        none,
        none,
        none,
        options,
        type,
      );
      return handler(...args);
    };
    for (const [type, args] of [
      ['rmq', [{}]],
      ['http', []],
      ['http', [{ object: 'event' }]],
      ['http', [null]],
    ] as const) {
      await expect(call(type, 'open', ...args)).resolves.toBe('open');
      for (const method of ['guarded', 'plain'] as const) {
        await expect(call(type, method, ...args)).rejects.toMatchObject({
          message: 'This kind of call is not open to anybody',
        });
      }
    }
    await expect(call('mail', 'guarded', 'from a friend')).resolves.toBe('content');
    await expect(call('mail', 'open', 'from a stranger')).rejects.toThrow('Forbidden resource');
  });

  it.each([
    ['of a module that is imported after ours', true],
    ['given to app.useGlobalGuards', false],
  ])('shows the principal to a guard %s', async (_how, isProvided) => {
    class RolesGuard implements CanActivate {
      canActivate(context: ExecutionContext) {
        return context.getClass() !== Things || principalOf(context)?.masterTokenName !== undefined;
      }
    }
    @Module({ providers: [{ provide: APP_GUARD, useClass: RolesGuard }] })
    class Roles {}
    const app = await start({
      controllers: [Things],
      imports: isProvided ? [Roles] : [],
      configure: (nest) => isProvided || nest.useGlobalGuards(new RolesGuard()),
    });
    expect((await app.get('/things/secret', MASTER)).status).toBe(200);
    expect((await app.get('/things/open', MASTER)).status).toBe(403);
  });
});

describe('two applications in one process', () => {
  it('do not believe what was proved to the other, one mounted into the other', async () => {
    @Controller()
    class Inner {
      @AccessOnly() @Get('data') data(@CurrentPrincipal() principal: Principal) {
        return { clientId: principal.clientId };
      }
      @MasterOnly() @Get('root') root() {
        return 'content';
      }
      @Get('open') open(@CurrentPrincipal() principal?: Principal) {
        return { principal: principal ?? null };
      }
    }
    @Module({
      imports: [
        FastauthModule.forRoot({
          ...OPTIONS,
          masterToken: 'another-master-token-of-the-inner-one',
          cryptographyKey: 'another secret, of the inner application, of 32 bytes or more',
          accessTokenPaths: ['/ruled'],
        }),
      ],
      controllers: [Inner],
    })
    class InnerApp {}
    const server = express();
    const inner = await NestFactory.create(InnerApp, new ExpressAdapter(server), { logger: false });
    closing.push(inner);
    await inner.init();
    const outer = await startApp({
      adapter: 'express',
      fastauth: { accessTokenPaths: ['/b/data', '/b/open'], masterTokenPaths: ['/b/root'] },
      configure: (nest) => nest.use('/b', server),
    });
    closing.push(outer);
    const token = { 'ACCESS-TOKEN': (await outer.issue('mallory')).access_token };
    expect((await outer.get('/b/data', token)).status).toBe(401);
    expect((await outer.get('/b/root', MASTER)).status).toBe(401);
    expect((await outer.get('/b/open', token)).body).toEqual({ principal: null });
    expect(inner.get(TokenService)).toBeDefined();
  });
});

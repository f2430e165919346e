import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import {
  applyDecorators,
  Controller,
  Get,
  Inject,
  Injectable,
  Logger,
  Scope,
  UseGuards,
} from '@nestjs/common';
import { REQUEST } from '@nestjs/core';
import { WsAdapter } from '@nestjs/platform-ws';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { RouterExecutionContext } from '@nestjs/core/router/router-execution-context.js';
import { AccessOnly, CurrentPrincipal, MasterOnly, type Principal, Public } from '../../src/index.js';
import { ADAPTERS, MASTER_TOKEN, startApp, type TestApp } from '../support/app.js';
import { collectGarbage } from '../support/garbage.js';
import { until } from '../support/kept-sessions.js';
import { applyMixins, InProxy } from '../support/mixins.js';
import { TestSocket } from '../support/sockets.js';

const MASTER = { 'MASTER-TOKEN': MASTER_TOKEN };

/** As decorators of caches, retries, transactions and logs are usually written. */
function Logged(): MethodDecorator {
  return (_target, _name, descriptor: PropertyDescriptor) => {
    const original = descriptor.value as (...args: unknown[]) => unknown;
    descriptor.value = function (this: unknown, ...args: unknown[]) {
      return original.apply(this, args);
    };
  };
}

@Controller('wrapped')
class Wrapped {
  @Get('inner') @Logged() @MasterOnly() inner() {
    return 'content';
  }
  @MasterOnly() @Get('outer') @Logged() outer() {
    return 'content';
  }
}

@Controller('bound')
class Bound {
  constructor() {
    this.get = this.get.bind(this);
    // The function is called "bound open", which is no name to go by.
    this.secret = this.open.bind(this);
  }
  @MasterOnly() @Get('get') get() {
    return 'content';
  }
  @Public() @Get('open') open() {
    return 'open';
  }
  @MasterOnly() @Get('secret') secret() {
    return 'content';
  }
}

@MasterOnly()
@Controller('bound-public')
class BoundPublic {
  constructor() {
    this.get = this.get.bind(this);
  }
  @Public() @Get('get') get() {
    return 'open';
  }
}

@Controller({ path: 'bound-request', scope: Scope.REQUEST })
class BoundRequest {
  constructor(@Inject(REQUEST) readonly request: object) {
    this.get = this.get.bind(this);
    this.open = this.open.bind(this);
  }
  @MasterOnly() @Get('get') get() {
    return 'content';
  }
  @Public() @Get('open') open() {
    return 'open';
  }
}

abstract class Base {
  @MasterOnly() @Get('a') a() {
    return 'content';
  }
  @MasterOnly() @Get('b') b() {
    return 'content';
  }
}
@Controller('inherits')
class Inherits extends Base {}
@Controller('overrides')
class Overrides extends Base {
  @Get('a') override a() {
    return 'content';
  }
  override b() {
    return 'content';
  }
}
@Controller('opens')
class Opens extends Base {
  @Public() @Get('a') override a() {
    return 'open';
  }
}

@MasterOnly()
abstract class OfMasterBase {}
@Controller('of-master')
class OfMaster extends OfMasterBase {
  @Get('a') a() {
    return 'content';
  }
}
@AccessOnly()
@Controller('lowered')
class Lowered extends OfMasterBase {
  @Get('a') a() {
    return 'content';
  }
}

const AdminGet = (path: string) => applyDecorators(MasterOnly(), Get(path));
const GetAdmin = (path: string) => applyDecorators(Get(path), MasterOnly());
const AdminController = (path: string) => applyDecorators(MasterOnly(), Controller(path));
@AdminController('composed')
class Composed {
  @Get('a') a() {
    return 'content';
  }
}
@Controller('composed-methods')
class ComposedMethods {
  @AdminGet('a') a() {
    return 'content';
  }
  @GetAdmin('b') b() {
    return 'content';
  }
}

@Controller('patched')
class Patched {
  @MasterOnly() @Get('prototype') onPrototype() {
    return 'content';
  }
  @MasterOnly() @Get('instance') onInstance() {
    return 'content';
  }
  @Public() @Get('open') open() {
    return 'open';
  }
}
/** Is constructed after ours has marked the methods, and as late as anything can be that Nest makes. */
@Injectable()
class Patcher {
  constructor() {
    const original = Reflect.get(Patched.prototype, 'onPrototype') as () => string;
    const patched = (): string => original();
    for (const key of ['path', 'method'])
      Reflect.defineMetadata(key, Reflect.getMetadata(key, original), patched);
    Patched.prototype.onPrototype = patched;
  }
}

abstract class Library {
  @MasterOnly() @Get('assigned') assigned() {
    return 'content';
  }
  @AccessOnly() @Get('access') access() {
    return 'content';
  }
  @Get('open') open() {
    return 'open';
  }
}
@MasterOnly()
abstract class MasterLibrary {
  @Get('of-class') ofClass() {
    return 'content';
  }
  @Public() @Get('open') open() {
    return 'open';
  }
}
@Controller('mixed')
class Mixed {}
applyMixins(Mixed, Library);
@Controller('mixed-of-class')
class MixedOfClass {}
applyMixins(MixedOfClass, MasterLibrary);
@MasterOnly()
@Controller('mixed-stricter')
class MixedStricter {}
applyMixins(MixedStricter, Library);
@Controller('assigned')
class Assigned {}
Object.assign(Assigned.prototype, { open: Reflect.get(Library.prototype, 'assigned') as () => string });

/** A class decorator that makes a class anew. */
function Fresh(): ClassDecorator {
  return ((type: abstract new () => object) => {
    class Copy {}
    applyMixins(Copy, type);
    for (const key of Reflect.getMetadataKeys(type) as unknown[])
      Reflect.defineMetadata(key, Reflect.getMetadata(key, type), Copy);
    return Copy;
  }) as ClassDecorator;
}
@Fresh()
@Controller('fresh')
class FreshOne {
  @MasterOnly() @Get('a') a() {
    return 'content';
  }
}
@Controller('fresh-class')
@Fresh()
@MasterOnly()
class FreshClass {
  @Get('a') a() {
    return 'content';
  }
}

function InFunction(): ClassDecorator {
  return ((type: new () => object) => {
    const replacement = function () {
      return new type();
    };
    replacement.prototype = type.prototype as object;
    return replacement;
  }) as unknown as ClassDecorator;
}
@MasterOnly()
@Controller('function')
@InFunction()
class OfFunction {
  @Get('a') a() {
    return 'content';
  }
}
@MasterOnly()
@Controller('proxy')
@InProxy()
class OfProxy {
  @Get('a') a() {
    return 'content';
  }
}
@Controller('proxy-method')
@InProxy()
class OfProxyMethod {
  @MasterOnly() @Get('a') a() {
    return 'content';
  }
  @Public() @Get('open') open() {
    return 'open';
  }
}
@Controller('proxy-inside')
@InProxy()
@MasterOnly()
class OfProxyInside {
  @Get('a') a() {
    return 'content';
  }
}
@MasterOnly()
@Controller('instance-proxy')
class OfInstanceProxy {
  constructor() {
    return new Proxy(this, {});
  }
  @Get('a') a() {
    return 'content';
  }
}

const CONTROLLERS = [
  Mixed,
  MixedOfClass,
  MixedStricter,
  Assigned,
  FreshOne,
  FreshClass,
  OfFunction,
  OfProxy,
  OfProxyMethod,
  OfProxyInside,
  OfInstanceProxy,
  Wrapped,
  Bound,
  BoundPublic,
  BoundRequest,
  Inherits,
  Overrides,
  Opens,
  OfMaster,
  Lowered,
  Composed,
  ComposedMethods,
];

/** What each route answers to nobody, to an access token, to the master token, where the rest is open by default. */
const ANSWERS: Readonly<Record<string, readonly [number, number, number]>> = {
  '/wrapped/inner': [401, 401, 200],
  '/wrapped/outer': [401, 401, 200],
  '/bound/get': [401, 401, 200],
  '/bound/open': [200, 200, 200],
  '/bound/secret': [401, 401, 200],
  '/bound-public/get': [200, 200, 200],
  '/bound-request/get': [401, 401, 200],
  '/bound-request/open': [200, 200, 200],
  '/inherits/a': [401, 401, 200],
  '/inherits/b': [401, 401, 200],
  '/overrides/a': [401, 401, 200],
  '/opens/a': [200, 200, 200],
  '/of-master/a': [401, 401, 200],
  '/lowered/a': [401, 200, 401],
  '/composed/a': [401, 401, 200],
  '/composed-methods/a': [401, 401, 200],
  '/composed-methods/b': [401, 401, 200],
  '/mixed/assigned': [401, 401, 200],
  '/mixed/access': [401, 200, 401],
  '/mixed-of-class/of-class': [401, 401, 200],
  '/mixed-stricter/assigned': [401, 401, 200],
  '/assigned/assigned': [401, 401, 200],
  '/fresh/a': [401, 401, 200],
  '/fresh-class/a': [401, 401, 200],
  '/function/a': [401, 401, 200],
  '/proxy/a': [401, 401, 200],
  '/proxy-method/a': [401, 401, 200],
  '/proxy-method/open': [200, 200, 200],
  '/proxy-inside/a': [401, 401, 200],
  '/instance-proxy/a': [401, 401, 200],
};

describe.each(ADAPTERS)('on %s, a decorator holds by the name of its method', (adapter) => {
  describe.each([
    ['public', true],
    ['access', true],
    ['public', false],
  ] as const)('with default-access %s and globalGuard %s', (defaultAccess, globalGuard) => {
    let app: TestApp;
    let access: Record<string, string>;

    beforeAll(async () => {
      app = await startApp({ adapter, controllers: CONTROLLERS, fastauth: { defaultAccess, globalGuard } });
      access = { 'ACCESS-TOKEN': (await app.issue()).access_token };
    });
    afterAll(() => app.close());

    it.each(Object.entries(ANSWERS))('%s: %j', async (path, answers) => {
      const statuses = await Promise.all(
        [{}, access, MASTER].map(async (headers) => (await app.get(path, headers)).status),
      );
      expect(statuses).toEqual(answers);
    });
  });

  let app: TestApp | undefined;
  afterEach(async () => {
    jest.restoreAllMocks();
    await app?.close();
    app = undefined;
  });

  it('when it is patched after decoration, on its prototype or its instance', async () => {
    app = await startApp({
      adapter,
      controllers: [Patched],
      providers: [Patcher],
      configure: (nest) => {
        const controller = nest.get(Patched);
        const { onInstance } = controller;
        controller.onInstance = () => onInstance();
      },
    });
    for (const path of ['/patched/prototype', '/patched/instance']) {
      expect((await app.get(path)).status).toBe(401);
      expect((await app.get(path, MASTER)).status).toBe(200);
    }
    expect((await app.get('/patched/open')).status).toBe(200);
  });

  it('when a tracer wraps handlers as they are registered, with or without their metadata', async () => {
    // oxlint-disable-next-line typescript/unbound-method -- it is put back, and called on its own
    const { create } = RouterExecutionContext.prototype;
    for (const copies of [true, false]) {
      jest.spyOn(RouterExecutionContext.prototype, 'create').mockImplementation(function (
        this: RouterExecutionContext,
        instance,
        callback,
        ...rest
      ) {
        const wrapped = function (this: unknown, ...args: unknown[]): unknown {
          return Reflect.apply(callback, this, args);
        };
        for (const key of copies ? (Reflect.getMetadataKeys(callback) as symbol[]) : []) {
          Reflect.defineMetadata(key, Reflect.getMetadata(key, callback), wrapped);
        }
        return Reflect.apply(create, this, [instance, wrapped, ...rest]) as ReturnType<typeof create>;
      } as typeof create);
      const traced = await startApp({ adapter, controllers: [Wrapped, Bound] });
      expect((await traced.get('/wrapped/inner')).status).toBe(401);
      expect((await traced.get('/bound/get')).status).toBe(401);
      // Without metadata nobody can tell which method it is, so it needs what all of its class need.
      expect((await traced.get('/bound/open')).status).toBe(copies ? 200 : 401);
      expect((await traced.get('/bound/open', MASTER)).status).toBe(200);
      await traced.close();
      jest.restoreAllMocks();
    }
  });

  it('of a class that is made for each request, and keeps nothing of it', async () => {
    const made: WeakRef<object>[] = [];
    @Controller({ path: 'fresh', scope: Scope.REQUEST })
    class Fresh {
      constructor(@Inject(REQUEST) readonly request: object) {
        this.get = this.get.bind(this);
        made.push(new WeakRef(this.get));
      }
      @Public() @Get() get() {
        return 'open';
      }
    }
    app = await startApp({ adapter, controllers: [Fresh], fastauth: { defaultAccess: 'access' } });
    for (let n = 0; n < 100; n++) expect((await app.get('/fresh')).text).toBe('open');
    // What came last over a connection may be kept as long as that.
    await until(() => {
      collectGarbage();
      return made.filter((each) => each.deref()).length < 10;
    }, 'Handlers of requests are kept');
    expect(made).toHaveLength(100);
  });

  it('when another copy of the package decorated it, whose principal it shows, too', async () => {
    const built: string = '../../dist/index.js';
    const copy = (await import(built)) as typeof import('../../src/index.js');
    expect(copy.MasterOnly).not.toBe(MasterOnly);
    @Controller('library')
    @copy.MasterOnly()
    class Library {
      @Get('secret') secret() {
        return 'content';
      }
      @copy.AccessOnly() @Get('me') me(@copy.CurrentPrincipal() principal: Principal) {
        return { clientId: principal.clientId };
      }
      @AccessOnly() @copy.MasterOnly() @Get('both') both() {
        return 'content';
      }
    }
    @copy.AccessOnly()
    @WebSocketGateway({ path: '/library' })
    class LibraryGateway {
      @SubscribeMessage('me') me(@copy.CurrentPrincipal() principal: Principal) {
        return { event: 'me', data: principal.clientId };
      }
    }
    for (const globalGuard of [true, false]) {
      app = await startApp({
        adapter,
        controllers: [Library],
        providers: [LibraryGateway],
        fastauth: { globalGuard },
        configure: (nest) => nest.useWebSocketAdapter(new WsAdapter(nest)),
      });
      const { access_token } = await app.issue('sensor-17');
      const token = { 'ACCESS-TOKEN': access_token };
      expect((await app.get('/library/secret')).status).toBe(401);
      expect((await app.get('/library/secret', token)).status).toBe(401);
      expect((await app.get('/library/secret', MASTER)).status).toBe(200);
      expect((await app.get('/library/me')).status).toBe(401);
      expect((await app.get('/library/me', token)).body).toEqual({ clientId: 'sensor-17' });
      expect((await app.get('/library/both', token)).status).toBe(401);
      expect((await app.get('/library/both', { ...token, ...MASTER })).status).toBe(200);
      expect(await TestSocket.open(`${app.url}/library`).closed()).toBe(1008);
      const socket = await TestSocket.open(`${app.url}/library`, { headers: token }).opened();
      socket.send({ event: 'me' });
      expect(await socket.frame(0)).toEqual({ event: 'me', data: 'sensor-17' });
      await app.close();
      app = undefined;
    }
  });

  it('asks before the other guards of its class, and each credential once', async () => {
    const asked: string[] = [];
    class Other {
      canActivate(): boolean {
        asked.push('other');
        return true;
      }
    }
    @UseGuards(Other)
    @Controller('ordered')
    class Ordered {
      @UseGuards(Other) @AccessOnly() @Get() get(@CurrentPrincipal() principal: Principal) {
        return { clientId: principal.clientId };
      }
    }
    jest.spyOn(Logger.prototype, 'error').mockImplementation(() => {});
    for (const globalGuard of [true, false]) {
      app = await startApp({ adapter, controllers: [Ordered], fastauth: { globalGuard } });
      expect((await app.get('/ordered')).status).toBe(401);
      expect(asked).toEqual([]);
      const { access_token } = await app.issue('a');
      expect((await app.get('/ordered', { 'ACCESS-TOKEN': access_token })).body).toEqual({ clientId: 'a' });
      expect(asked.splice(0)).toEqual(['other', 'other']);
      await app.close();
      app = undefined;
    }
  });
});

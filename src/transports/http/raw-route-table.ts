import { Injectable } from '@nestjs/common';
import { type AbstractHttpAdapter, HttpAdapterHost } from '@nestjs/core';
import { LegacyRouteConverter } from '../../nest.js';
import { type RawRoute, RawRoutes } from '../../routes/raw-routes.js';
import { RouteTable } from '../../routes/route-table.js';
import { EdgePlace } from './edge-place.js';

/** What of Express and Fastify is read here; neither is imported. */
interface ExpressLayer {
  readonly route?: {
    readonly path: unknown;
    readonly methods: Readonly<Record<string, boolean>>;
    readonly stack: readonly { readonly handle: object }[];
  };
}
interface FastifyRoute {
  readonly method: string | readonly string[];
  readonly url: string;
  readonly constraints?: { readonly host?: unknown };
}
interface Framework {
  readonly router?: { readonly stack?: readonly ExpressLayer[] };
  addHook?(name: 'onRoute', hook: (route: FastifyRoute) => void): unknown;
}

/** The key under which `@RouteConstraints()` of @nestjs/platform-fastify keeps what it says. */
const CONSTRAINTS = '__fastify_route_constraints__';
/** How many methods a route of Express has that answers all of them. */
const ALL_METHODS = 20;

/**
 * The routes of the Express or Fastify instance that are not of controllers. Express does not tell the paths of
 * mounted routers and of middleware, so those are not among them.
 */
@Injectable()
export class RawRouteTable extends RawRoutes {
  readonly #adapterHost: HttpAdapterHost;
  private readonly ofFastify: RawRoute[] = [];
  /** What Nest answers 404 by, also in routes of its own, one for each path that the global prefix leaves out. */
  private readonly notFound = new WeakSet<object>();

  constructor(
    private readonly table: RouteTable,
    private readonly place: EdgePlace,
    adapterHost: HttpAdapterHost,
  ) {
    super();
    this.#adapterHost = adapterHost;
    // A testing module is compiled before its application, and so its adapter, exists.
    if (adapterHost.httpAdapter) this.listen();
    else adapterHost.init$.subscribe(() => this.listen());
  }

  rawRoutes(): readonly RawRoute[] {
    const { routes } = this.table;
    const known = new Set(
      routes.flatMap(({ method, patterns, handler }) => {
        const host = hostOf(Reflect.getMetadata(CONSTRAINTS, handler));
        return patterns.flatMap((pattern) =>
          [pattern, converted(pattern)].map((path) => keyOf({ method, path, host })),
        );
      }),
    );
    const isKnown = (route: RawRoute): boolean =>
      known.has(keyOf(route)) ||
      known.has(keyOf({ ...route, method: 'ALL' })) ||
      (route.method === 'HEAD' && known.has(keyOf({ ...route, method: 'GET' })));
    const found = new Map<string, RawRoute>();
    for (const route of [...this.ofExpress(), ...this.ofFastify]) {
      if (!isKnown(route)) found.set(keyOf(route), route);
    }
    return [...found.values()].filter(
      ({ method, path, host }) => method !== 'HEAD' || !found.has(keyOf({ method: 'GET', path, host })),
    );
  }

  beforeEdge(): readonly string[] {
    return this.place.before();
  }

  private listen(): void {
    const httpAdapter = this.#adapterHost.httpAdapter as AbstractHttpAdapter | null;
    const setNotFoundHandler: unknown = httpAdapter?.setNotFoundHandler;
    if (httpAdapter && typeof setNotFoundHandler === 'function') {
      httpAdapter.setNotFoundHandler = (handler: object, ...others: unknown[]): unknown => {
        this.notFound.add(handler);
        return Reflect.apply(setNotFoundHandler, httpAdapter, [handler, ...others]);
      };
    }
    const { addHook } = this.framework();
    // Fastify tells of routes as they are added, and lists none afterwards.
    addHook?.call(this.framework(), 'onRoute', ({ method, url, constraints }) => {
      for (const each of [method].flat() as string[]) {
        // By this @fastify/cors answers preflights, and nothing else.
        if (!(each === 'OPTIONS' && url === '*'))
          this.ofFastify.push({ method: each, path: url, host: hostOf(constraints) });
      }
    });
  }

  private ofExpress(): readonly RawRoute[] {
    return (this.framework().router?.stack ?? []).flatMap(({ route }) => {
      if (!route || route.stack.every(({ handle }) => this.notFound.has(handle))) return [];
      const methods = Object.keys(route.methods).filter((name) => route.methods[name]);
      const isAll = methods.includes('_all') || methods.length >= ALL_METHODS;
      const paths = [route.path].flat().map((path) => (typeof path === 'string' ? path : String(path)));
      return paths.flatMap((path) =>
        (isAll ? ['ALL'] : methods.map((method) => method.toUpperCase())).map((method) => ({ method, path })),
      );
    });
  }

  private framework(): Framework {
    const adapter = this.#adapterHost.httpAdapter as AbstractHttpAdapter | null;
    const instance: unknown = adapter?.getInstance();
    return isFramework(instance) ? instance : {};
  }
}

function isFramework(instance: unknown): instance is Framework {
  return (typeof instance === 'object' || typeof instance === 'function') && instance !== null;
}

function hostOf(constraints: unknown): string | undefined {
  const host = (constraints as FastifyRoute['constraints'])?.host;
  return host === undefined ? undefined : String(host);
}

function keyOf({ method, path, host = '' }: RawRoute): string {
  return `${method} ${path.length > 1 ? path.replace(/\/$/, '') : path} ${host}`;
}

/** As Nest gives it to Express. */
function converted(pattern: string): string {
  try {
    return LegacyRouteConverter.tryConvert(pattern, { logs: false });
  } catch {
    return pattern;
  }
}

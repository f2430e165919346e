import { type CanActivate, Inject, Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { pathToRegexp } from 'path-to-regexp';
import { AccessGuard } from './access.guard.js';
import { AccessPolicy } from './access-policy.js';
import { plainPath } from './canonical-path.js';
import { NONE, type Demand } from './demand.js';
import { percentDecode } from './path-rewrites.js';
import { RouteTable } from './route-table.js';

/** How many paths are remembered, so that an application of many routes does not try them all each time. */
const REMEMBERED_PATHS = 2048;
const REMEMBERED_LENGTH = 256;

/**
 * Tells what a request needs where nothing is open by default, before anything has answered it. A handler may be open,
 * so that is for the guards to say; yet static files and raw handlers may come before a handler whose path covers theirs.
 */
@Injectable()
export class RouteMatcher {
  private matchers: readonly Matcher[] | undefined;
  private readonly remembered = new LRUCache<string, Demand>({ max: REMEMBERED_PATHS });

  constructor(
    private readonly table: RouteTable,
    private readonly policy: AccessPolicy,
    @Inject(AccessGuard) private readonly guard: CanActivate,
  ) {}

  /**
   * What each of the handlers that could serve this request needs, or what everything needs by default where none
   * could. No handler could serve a path that is spelt oddly.
   */
  demandByDefault(method: string, target: string): Demand {
    const path = plainPath(target) ?? pathWithEscapes(target);
    if (path === undefined) return this.policy.defaultDemand;
    const key = `${method} ${path}`;
    let demand = this.remembered.get(key);
    if (demand === undefined) {
      demand = this.demandOfPath(method, path);
      if (key.length <= REMEMBERED_LENGTH) this.remembered.set(key, demand);
    }
    return demand;
  }

  private demandOfPath(method: string, path: string): Demand {
    const demands = (this.matchers ??= this.compile())
      .filter(
        (route) =>
          (route.method === 'ALL' || route.method === method || isHeadOfGet(route, method)) &&
          route.regexp.test(path),
      )
      .map((route) => route.demand);
    if (demands.length === 0) return this.policy.defaultDemand;
    // An application's tests may have put another guard in its place; what handlers need is for that to say.
    if (!(this.guard instanceof AccessGuard)) return NONE;
    return demands.reduce((common, demand) => common & demand);
  }

  private compile(): Matcher[] {
    return this.table.routes.flatMap(({ method, patterns, handlerName, controller }) => {
      const demand = this.policy.demandOfMethod(controller, handlerName);
      return patterns.flatMap((pattern) => {
        const regexp = compiled(pattern);
        return regexp ? [{ method, regexp, demand }] : [];
      });
    });
  }
}

interface Matcher {
  readonly method: string;
  readonly regexp: RegExp;
  readonly demand: Demand;
}

/**
 * Escapes that leave a path's segments as they are, decoded or not: those of letters, spaces, `@` and the like, but not
 * of `/`, `\\`, `.`, `;`, `?`, `#`, controls, or of a `%` that begins another escape. By those a static server could
 * find another file than the router a route.
 */
const HARMLESS_ESCAPE = /%(?!2[ef3]|25[\da-f]{2}|3[bf]|5c|[01]|7f)[\da-f]{2}/gi;
const ESCAPES_BEYOND_ASCII = /(?:%[89a-f][\da-f])+/g;

/**
 * The path in lower case, as routers match it: some decode, and then letters beyond ASCII are in patterns, too.
 * @returns undefined if anything about it is odd
 */
function pathWithEscapes(target: string): string | undefined {
  if (plainPath(target.replaceAll(HARMLESS_ESCAPE, 'x')) === undefined) return undefined;
  const [path = ''] = target.split('?', 1);
  return path.toLowerCase().replaceAll(ESCAPES_BEYOND_ASCII, percentDecode).toLowerCase();
}

function isHeadOfGet(route: { method: string }, method: string): boolean {
  return method === 'HEAD' && route.method === 'GET';
}

/** Undefined for the notations that only Fastify knows: then the route needs what everything needs by default, too. */
function compiled(pattern: string): RegExp | undefined {
  try {
    return pathToRegexp(pattern, { sensitive: false, trailing: true }).regexp;
  } catch {
    return undefined;
  }
}

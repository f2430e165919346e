import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { pathToRegexp } from 'path-to-regexp';
import { plainPath } from './canonical-path.js';
import { RouteTable } from './route-table.js';

/** How many paths are remembered, so that an application of many routes does not try them all each time. */
const REMEMBERED_PATHS = 2048;
const REMEMBERED_LENGTH = 256;

/**
 * Tells requests that one of the application's own handlers serves from those that something else answers:
 * where nothing is open by default, the guards see to the former and the edge to the latter.
 */
@Injectable()
export class RouteMatcher {
  private matchers: readonly { readonly method: string; readonly regexp: RegExp }[] | undefined;
  private readonly remembered = new LRUCache<string, boolean>({ max: REMEMBERED_PATHS });

  constructor(private readonly table: RouteTable) {}

  /**
   * Whether a handler serves this request. A path that is spelt oddly is said to have none, so that it needs
   * what everything needs by default.
   */
  isServedByHandler(method: string, target: string): boolean {
    const path = plainPath(target);
    if (path === undefined) return false;
    const key = `${method} ${path}`;
    let served = this.remembered.get(key);
    if (served === undefined) {
      served = (this.matchers ??= this.compile()).some(
        (route) =>
          (route.method === 'ALL' || route.method === method || isHeadOfGet(route, method)) &&
          route.regexp.test(path),
      );
      if (key.length <= REMEMBERED_LENGTH) this.remembered.set(key, served);
    }
    return served;
  }

  private compile(): { method: string; regexp: RegExp }[] {
    return this.table.routes.flatMap(({ method, patterns }) =>
      patterns.flatMap((pattern) => {
        const regexp = compiled(pattern);
        return regexp ? [{ method, regexp }] : [];
      }),
    );
  }
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

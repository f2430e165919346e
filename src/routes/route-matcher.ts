import { type CanActivate, Inject, Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { LRUCache } from 'lru-cache';
import { AccessGuard } from '../access/access.guard.js';
import { AccessPolicy } from '../access/access-policy.js';
import { NONE, Requirement } from '../access/requirement.js';
import { plainlySpelt } from '../access/paths/plain-spelling.js';
import { compileRoute, type RouteTest } from './compiled-route.js';
import { RouteIndex } from './route-index.js';
import { type Route, RouteTable } from './route-table.js';
import { shadowedEndpoints } from './shadowed-endpoints.js';

/** How many paths are remembered, so that an application of many routes does not try them all each time. */
const REMEMBERED_PATHS = 2048;
const REMEMBERED_LENGTH = 256;
/** Remembered for a path that no handler serves. */
const NOBODY = 'nobody';

/**
 * Tells what a request needs where nothing is open by default, before anything has answered it. A handler may be open,
 * so that is for the guards to say; yet static files and raw handlers may come before a handler whose path covers theirs,
 * so what is let pass for a handler's sake is held until that handler answers ({@link AccessEdge}).
 */
@Injectable()
export class RouteMatcher {
  private matchers = new RouteIndex<Matcher>();
  /** What they were made of: before the application is bootstrapped, its routes may still change. */
  private compiledRoutes: readonly Route[] | undefined;
  private readonly remembered = new LRUCache<string, Requirement | typeof NOBODY>({ max: REMEMBERED_PATHS });

  constructor(
    private readonly table: RouteTable,
    private readonly policy: AccessPolicy,
    @Inject(AccessGuard) private readonly guard: CanActivate,
    private readonly adapterHost: HttpAdapterHost,
  ) {}

  /** Whether handlers are asked by our guard; an application's tests may have put another one in its place. */
  get isGuarded(): boolean {
    return this.guard instanceof AccessGuard;
  }

  /**
   * What each of the handlers that could serve this request needs, or what everything needs by default where none
   * could. No handler could serve a path that is spelt oddly.
   */
  requirementByDefault(method: string, target: string): Requirement {
    return this.requirementOfHandlers(method, target) ?? this.policy.defaultRequirement;
  }

  /** What each of the handlers that could serve this request needs; undefined where none could. */
  requirementOfHandlers(method: string, target: string): Requirement | undefined {
    const path = plainlySpelt(target);
    if (path === undefined) return undefined;
    this.follow(this.table.routes);
    const key = `${method} ${path}`;
    let requirement = this.remembered.get(key);
    if (requirement === undefined) {
      requirement = this.requirementOfPath(method, path) ?? NOBODY;
      if (key.length <= REMEMBERED_LENGTH) this.remembered.set(key, requirement);
    }
    return requirement === NOBODY ? undefined : requirement;
  }

  /** The handlers that could serve this request; undefined where that cannot be told. */
  handlersOf(method: string, target: string): readonly Route[] | undefined {
    const path = plainlySpelt(target);
    if (path === undefined) return undefined;
    this.follow(this.table.routes);
    return this.matching(method, path).map(({ handler }) => handler);
  }

  /** Whether requests are known to be for a route of this pattern. */
  isReadable(pattern: string): boolean {
    return this.compiled(pattern) !== undefined;
  }

  /** What of our endpoints is served by somebody else, told for people. */
  shadowedEndpoints(isOwn: (route: Route) => boolean): readonly string[] {
    // Fastify's router prefers what is written out, whatever the order.
    if (this.adapterType === 'fastify') return [];
    return shadowedEndpoints({
      routes: this.table.routes,
      isOwn,
      testOf: (pattern) => this.compiled(pattern),
    });
  }

  private requirementOfPath(method: string, path: string): Requirement | undefined {
    const requirements = this.matching(method, path).map((route) => route.requirement);
    if (requirements.length === 0) return undefined;
    // What handlers need is for the guard to say that an application's tests have put in the place of ours.
    if (!this.isGuarded) return NONE;
    return Requirement.any(requirements);
  }

  private matching(method: string, path: string): readonly Matcher[] {
    return this.matchers
      .candidates(path)
      .filter(
        (route) =>
          (route.method === 'ALL' || route.method === method || isHeadOfGet(route, method)) &&
          route.test(path),
      );
  }

  private follow(routes: readonly Route[]): void {
    if (routes === this.compiledRoutes) return;
    this.compiledRoutes = routes;
    this.remembered.clear();
    this.matchers = new RouteIndex();
    for (const route of routes) {
      const { method, patterns, handlerName, controller } = route;
      const requirement = this.policy.requirementOfMethod(controller, handlerName);
      for (const pattern of patterns) {
        const test = this.compiled(pattern);
        if (test) this.matchers.add(pattern, { method, test, requirement, handler: route });
      }
    }
  }

  private get adapterType(): string {
    const adapter = this.adapterHost.httpAdapter as HttpAdapterHost['httpAdapter'] | undefined;
    return adapter?.getType() ?? 'express';
  }

  private compiled(pattern: string): RouteTest | undefined {
    return compileRoute(pattern, this.adapterType);
  }
}

interface Matcher {
  readonly method: string;
  readonly test: RouteTest;
  readonly requirement: Requirement;
  readonly handler: Route;
}

function isHeadOfGet(route: { method: string }, method: string): boolean {
  return method === 'HEAD' && route.method === 'GET';
}

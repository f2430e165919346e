import { describe, expect, it } from '@jest/globals';
import type { CanActivate } from '@nestjs/common';
import type { HttpAdapterHost } from '@nestjs/core';
import { AccessGuard } from '../access/access.guard.js';
import type { AccessPolicy } from '../access/access-policy.js';
import { ACCESS, BOTH, MASTER, NONE, type Requirement } from '../access/requirement.js';
import { RouteMatcher } from './route-matcher.js';
import type { RouteTable } from './route-table.js';

/** Routes as `GET /path`, each with what its handler needs, where everything else needs an access token. */
function matcherOf(
  routes: Readonly<Record<string, Requirement>>,
  guard: CanActivate = Object.create(AccessGuard.prototype) as AccessGuard,
  adapterType = 'express',
): RouteMatcher {
  const listed = Object.entries(routes).map(([route, requirement]) => {
    const [method, pattern] = route.split(' ');
    return { method, patterns: [pattern], handlerName: 'handle', controller: { requirement } };
  });
  return new RouteMatcher(
    { routes: listed } as unknown as RouteTable,
    {
      defaultRequirement: ACCESS,
      requirementOfMethod: (controller: { requirement: Requirement }) => controller.requirement,
    } as unknown as AccessPolicy,
    guard,
    { httpAdapter: { getType: () => adapterType } } as unknown as HttpAdapterHost,
  );
}

describe('what a request needs by default', () => {
  it('is the default where no handler could serve it', () => {
    const matcher = matcherOf({ 'GET /about': NONE });
    expect(matcher.requirementByDefault('GET', '/else')).toBe(ACCESS);
    expect(matcher.requirementByDefault('POST', '/about')).toBe(ACCESS);
    expect(matcher.requirementByDefault('GET', '/about/more')).toBe(ACCESS);
  });

  it.each(['/about', '/About', '/about/', '/about?x=1'])(
    'is nothing where an open handler serves %s',
    (path) => {
      expect(matcherOf({ 'GET /about': NONE }).requirementByDefault('GET', path)).toBe(NONE);
    },
  );

  it.each(['/%61bout', '//about', '/./about', '/about;x'])(
    'is the default for the odd spelling %s',
    (path) => {
      expect(matcherOf({ 'GET /about': NONE }).requirementByDefault('GET', path)).toBe(ACCESS);
    },
  );

  it.each(['/of/ann%40example.com', '/of/a%20b/', '/of/%E6%97%A5?x', '/of/100%25', '/%C3%BCber/x'])(
    'is nothing where an open handler serves %s, in which nothing is escaped that matters to a path',
    (path) => {
      const matcher = matcherOf({ 'GET /of/:name': NONE, 'GET /über/:name': NONE });
      expect(matcher.requirementByDefault('GET', path)).toBe(NONE);
    },
  );

  it.each(['%2f', '%5C', '%2e', '%2E%2e', '%3b', '%3F', '%23', '%00', '%0a', '%7f', '%252f'])(
    'is the default for an open handler with %s in the path, by which a static server could find another file',
    (escape) => {
      const matcher = matcherOf({ 'GET /of/:name': NONE, 'GET /of/:name/:more': NONE });
      expect(matcher.requirementByDefault('GET', `/of/a${escape}b`)).toBe(ACCESS);
      expect(matcher.requirementByDefault('GET', `/of/${escape}/b`)).toBe(ACCESS);
    },
  );

  it('is what a guarded handler needs, since something else may answer on its path', () => {
    const matcher = matcherOf({ 'GET /:page': ACCESS, 'GET /admin/:page': MASTER });
    expect(matcher.requirementByDefault('GET', '/secret.txt')).toBe(ACCESS);
    expect(matcher.requirementByDefault('GET', '/admin/secret.txt')).toBe(MASTER);
  });

  it('is left to another guard where a handler could serve it', () => {
    const matcher = matcherOf({ 'GET /:page': ACCESS }, { canActivate: () => true });
    expect(matcher.requirementByDefault('GET', '/page')).toBe(NONE);
    expect(matcher.requirementByDefault('GET', '/no/page')).toBe(ACCESS);
  });

  it('is no more than the most open of the handlers needs', () => {
    const matcher = matcherOf({ 'GET /:page': ACCESS, 'GET /about': NONE, 'GET /:anything': BOTH });
    expect(matcher.requirementByDefault('GET', '/about')).toBe(NONE);
    expect(matcher.requirementByDefault('GET', '/else')).toBe(ACCESS);
  });

  it('knows that GET handlers answer HEAD, and that some answer any method', () => {
    const matcher = matcherOf({ 'GET /about': NONE, 'POST /form': NONE, 'ALL /any': NONE });
    expect(matcher.requirementByDefault('HEAD', '/about')).toBe(NONE);
    expect(matcher.requirementByDefault('HEAD', '/form')).toBe(ACCESS);
    expect(matcher.requirementByDefault('PUT', '/any')).toBe(NONE);
  });

  it('reads the notations of Fastify there, and nowhere else', () => {
    const routes = { 'GET /:id(^\\d+$)': NONE, 'GET /about': NONE };
    const onFastify = matcherOf(routes, undefined, 'fastify');
    expect(onFastify.requirementByDefault('GET', '/7')).toBe(NONE);
    expect(onFastify.requirementByDefault('GET', '/x')).toBe(ACCESS);
    const onExpress = matcherOf(routes);
    expect(onExpress.isReadable('/:id(^\\d+$)')).toBe(false);
    expect(onExpress.requirementByDefault('GET', '/7')).toBe(ACCESS);
    expect(onExpress.requirementByDefault('GET', '/about')).toBe(NONE);
  });

  it('stays the same when it is asked again', () => {
    const matcher = matcherOf({ 'GET /about': NONE });
    const asked = ['/about', '/else', '/about', '/else'].map((path) =>
      matcher.requirementByDefault('GET', path),
    );
    expect(asked).toEqual([NONE, ACCESS, NONE, ACCESS]);
  });
});

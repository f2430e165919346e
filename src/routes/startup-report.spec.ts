import { describe, expect, it } from '@jest/globals';
import { ACCESS, MASTER, NONE } from '../access/requirement.js';
import { PathRules } from '../access/paths/path-rules.js';
import type { Route } from './route-table.js';
import { startupReport, type RouteAccess } from './startup-report.js';

class SomeController {}

const ROUTES = [
  '/api/access/health',
  '/api/accessories',
  '/api/master/health',
  '/api/health',
  '/api/any/:section/x',
].map(route);

describe('the report at start', () => {
  it('names guarded routes, dead rules with the nearest route, and routes missed by less than a segment', () => {
    const rules = new PathRules(
      { master: ['/mastr'], access: ['/access', '/any/thing', '/nowhere-at-all/near'] },
      () => ({
        globalPrefix: 'api',
        versionPrefixes: [],
      }),
    );
    const report = startupReport({ routes: ROUTES, rules, accessOf: byPattern(rules) });
    expect(report.guarded).toEqual(['GET /api/access/health: access (path rule "/access")']);
    expect(report.warnings).toEqual([
      expect.stringMatching(
        /^Path rule "\/mastr" in master-token-paths matches no known route; the nearest is "\/api\/master\/health"/,
      ),
      expect.stringMatching(
        /^Path rule "\/nowhere-at-all\/near" in access-token-paths matches no known route\. /,
      ),
      expect.stringMatching(/^GET \/api\/accessories begins like path rule "\/access" .* Write "\/access\*"/),
    ]);
  });

  it('is silent about what is in order', () => {
    const rules = new PathRules({ master: ['/api*'], access: ['/', '/ws/access'] });
    const { warnings } = startupReport({
      routes: ROUTES,
      rules,
      accessOf: byPattern(rules),
      gateways: [{ path: '/ws/access', access: { requirement: ACCESS, origins: ['decorator'] } }],
    });
    expect(warnings).toEqual([]);
  });

  it('judges each path of a handler by itself', () => {
    const rules = new PathRules({ master: [], access: ['/access'] });
    const shelf = { ...route('/access/shelf'), patterns: ['/access/shelf', '/shelf', '/accessories'] };
    const report = startupReport({ routes: [shelf], rules, accessOf: byPattern(rules) });
    expect(report.guarded).toEqual(['GET /access/shelf: access (path rule "/access")']);
    expect(report.warnings).toEqual([
      expect.stringMatching(/^GET \/accessories begins like path rule "\/access" /),
    ]);
  });

  it('does not call a route missed that is guarded as strictly by something else', () => {
    const rules = new PathRules({ master: [], access: ['/api/access'] });
    const report = startupReport({
      routes: ROUTES,
      rules,
      accessOf: () => ({ requirement: ACCESS.and(MASTER), origins: ['decorator'] }),
    });
    expect(report.warnings).toEqual([]);
    expect(report.guarded).toContain('GET /api/health: access and master (decorator)');
  });

  it('names open routes that stay closed: under a rule, or where nobody can tell which requests are for them', () => {
    const rules = new PathRules({ master: [], access: ['/api/access'] });
    const report = startupReport({
      routes: ROUTES,
      rules,
      accessOf: byPattern(rules),
      isMarkedPublic: ({ patterns }) => patterns[0] !== '/api/master/health',
      isReadable: (pattern) => !pattern.includes('any'),
    });
    expect(report.warnings).toEqual([
      expect.stringMatching(/^GET \/api\/accessories begins like path rule/),
      'GET /api/access/health is marked @Public(), but stays closed: it needs access by path rule "/api/access", ' +
        'and a path rule holds whatever the decorators say.',
      expect.stringMatching(
        /^GET \/api\/any\/:section\/x is marked @Public\(\), but its pattern cannot be read/,
      ),
    ]);
  });
});

function route(pattern: string): Route {
  return {
    method: 'GET',
    patterns: [pattern],
    withoutModulePath: new Map(),
    controller: SomeController,
    handlerName: 'handle',
    handler: SomeController,
    versions: [],
    isVersionedByPath: false,
    hosts: [],
  };
}

function byPattern(rules: PathRules): (route: Route, pattern: string) => RouteAccess {
  return (_route, pattern) => ({
    requirement: rules.requirementForPattern(pattern) || NONE,
    origins: rules.rulesForPattern(pattern).map(({ text }) => `path rule "${text}"`),
  });
}

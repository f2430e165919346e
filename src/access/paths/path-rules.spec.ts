import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { spelling } from '../../../test/support/path-spelling.js';
import { ACCESS, BOTH, MASTER, NONE } from '../requirement.js';
import { compilePathRule } from './path-rule.js';
import { PathRules } from './path-rules.js';
import type { RoutePrefixes } from './route-prefixes.js';

const LISTS = { master: ['/master', '/both/*/deep'], access: ['/access', '/both', '/raw*'] };

describe('the path rules', () => {
  const rules = new PathRules(LISTS);

  it.each([
    ['/access/health', ACCESS],
    ['/accessories', NONE],
    ['/master', MASTER],
    ['/both', ACCESS],
    ['/both/x/deep/er', BOTH],
    ['/rawhide', ACCESS],
    ['/x/../access', ACCESS],
    ['/access/../x', ACCESS],
    ['/x', NONE],
    ['*', NONE],
    ['', NONE],
  ])('%s asks for %d', (target, requirement) => {
    expect(rules.requirementForTarget(target)).toBe(requirement);
  });

  it('ask by pattern too', () => {
    expect(rules.requirementForPattern('/both/:id/deep')).toBe(BOTH);
    expect(rules.requirementForPattern('/:section/health')).toBe(NONE);
    expect(rules.rulesForPattern('/both/:id/deep').map(({ text }) => text)).toEqual([
      '/both/*/deep',
      '/both',
    ]);
  });

  it.each([
    ['/a%20b', NONE],
    ['/%E6%97%A5/x', NONE],
    ['/caf\u00c9', ACCESS],
    ['/x;v=1', NONE],
    ['/x//y', NONE],
    ['/x/..;/y', BOTH],
    ['/%252e%252e/y', BOTH],
  ])('ask for %s, spelt oddly, what its few readings need, or for everything: %d', (target, requirement) => {
    const few = new PathRules({ master: ['/master'], access: ['/café'] });
    expect(few.requirementForTarget(target)).toBe(requirement);
  });

  it('agree with each rule asked by itself', () => {
    const word = fc.constantFrom('a', 'b', 'ab', 'b-a', 'access');
    const part = fc.oneof(word, fc.constantFrom('*', ':x', 'a*', '*b', '*-*'));
    fc.assert(
      fc.property(
        fc.array(pathOf(part), { maxLength: 6 }),
        fc.array(pathOf(part), { maxLength: 6 }),
        pathOf(word),
        (...given) => {
          const [master, access, target] = given;
          const isUnder = (texts: string[]): boolean =>
            texts.some((text) => compilePathRule(text).matches(target));
          const expected = (isUnder(master) ? MASTER : NONE).and(isUnder(access) ? ACCESS : NONE);
          expect(new PathRules({ master, access }).requirementForTarget(target)).toBe(expected);
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('ask for nothing where there are none', () => {
    const none = new PathRules({ master: [], access: [] }, () => {
      throw new Error('not to be asked');
    });
    expect(none.isEmpty).toBe(true);
    expect(none.requirementForTarget('/%61//..;')).toBe(NONE);
    expect(none.requirementForPattern('/{*all}')).toBe(NONE);
  });

  it('are refused at once when one of them cannot work', () => {
    expect(() => new PathRules({ master: ['/a?b'], access: [] })).toThrow('path rule "/a?b"');
  });

  it('take a target that has too many readings for guarded', () => {
    expect(rules.requirementForTarget(`/${'%2525252525252e;\\//../'.repeat(3000)}`)).toBe(BOTH);
  });

  describe('behind prefixes', () => {
    const prefixed = new PathRules(
      { master: ['/api/v1/admin', '/api/ops'], access: ['/access', '/v2/beta'] },
      () => ({ globalPrefix: 'api', versionPrefixes: ['v1', 'v2'] }),
    );

    it.each([
      ['/api/v1/access/x', ACCESS],
      ['/api/access', ACCESS],
      ['/v2/access', ACCESS],
      ['/access', ACCESS],
      ['/api/v3/access', NONE],
      ['/api/v1/accessories', NONE],
      ['/api/v1/admin', MASTER],
      ['/admin', NONE],
      ['/api/v2/ops', MASTER],
      ['/api/ops', MASTER],
      ['/api/v2/beta', ACCESS],
      ['/%61pi/V1/access', ACCESS],
      ['/api/V1//access', ACCESS],
      ['/api/v1/access;x', ACCESS],
      // Too many readings: whatever any rule asks.
      ['/%61pi/V1//access;x', BOTH],
    ])('%s asks for %d', (target, requirement) => {
      expect(prefixed.requirementForTarget(target)).toBe(requirement);
    });

    it('follow prefixes that may still be set, or hold a parameter, until the application is bootstrapped', async () => {
      let prefixes: RoutePrefixes = { globalPrefix: '', versionPrefixes: [] };
      let asked = 0;
      const late = new PathRules({ master: [], access: ['/access'] }, () => {
        asked++;
        return prefixes;
      });
      expect(late.requirementForTarget('/t/7/access')).toBe(NONE);
      expect(late.requirementForPattern('/t/:tenant/1/access/:id')).toBe(NONE);
      prefixes = { globalPrefix: '/T/:tenant/', versionPrefixes: ['1'] };
      await Promise.resolve();
      const askAll = (): void => {
        expect(late.requirementForTarget('/t/7/access')).toBe(ACCESS);
        expect(late.requirementForTarget('/t/7/1/access')).toBe(ACCESS);
        expect(late.requirementForPattern('/t/:tenant/1/access/:id')).toBe(ACCESS);
      };
      askAll();
      late.onApplicationBootstrap();
      askAll();
      asked = 0;
      await Promise.resolve();
      askAll();
      expect(asked).toBe(0);
    });

    it('hold with prefixes that come after the routes, too', () => {
      const both = new PathRules({ master: [], access: ['/access'] }, () => ({
        globalPrefix: 'api',
        versionPrefixes: [],
        late: { globalPrefix: 'late', versionPrefixes: ['v1'] },
      }));
      expect(both.requirementForTarget('/api/access')).toBe(ACCESS);
      expect(both.requirementForTarget('/late/v1/access')).toBe(ACCESS);
    });

    it('hold for the routes of a module with any end of its path', () => {
      const nested = new PathRules({ master: ['/a'], access: ['/b/ctrl'] }, () => ({
        globalPrefix: '',
        versionPrefixes: [],
        withoutModulePath: new Map([['/a/b/ctrl/:id', ['/b/ctrl/:id', '/ctrl/:id']]]),
      }));
      expect(nested.requirementForPattern('/a/b/ctrl/:id')).toBe(BOTH);
    });

    it('hold for everything when one of them is /', () => {
      const all = new PathRules({ master: ['/'], access: [] }, () => ({
        globalPrefix: 'api',
        versionPrefixes: ['v1'],
      }));
      expect(all.requirementForTarget('/')).toBe(MASTER);
      expect(all.requirementForTarget('*')).toBe(MASTER);
    });
  });

  describe('at endpoints of ours', () => {
    const surroundings = (): RoutePrefixes => ({
      globalPrefix: 'api',
      versionPrefixes: [],
      ownEndpoints: [
        { method: 'GET', pattern: '/api/my/auth/token/new', prefixLength: 3 },
        { method: 'POST', pattern: '/api/my/auth/token/new', prefixLength: 3 },
        { method: 'GET', pattern: '/.well-known/jwks.json', prefixLength: 1 },
      ],
    });
    const NEW = '/api/my/auth/token/new';

    it.each(['/', '/api', '/*', '/my', '/api/my', '/*/*/*', '/api/my/*'])('are not meant by %s', (text) => {
      const judge = new PathRules({ master: [], access: [text] }, surroundings);
      for (const target of [NEW, `${NEW}?client_id=x`]) {
        expect(judge.requirementForTarget(target, 'POST', true)).toBe(NONE);
        expect(judge.requirementForTarget(target, 'HEAD', true)).toBe(NONE);
      }
      expect(judge.requirementForPattern(NEW, 'GET', true)).toBe(NONE);
      expect(judge.requirementForEndpoint(NEW)).toBe(NONE);
      expect(judge.rulesForPattern(NEW, 'POST', true)).toEqual([]);
    });

    it.each(['/my/auth', '/api/my/auth', '/my/auth/token', '/my/auth*', '/*/*/*/token', '/api/my/au*'])(
      'are meant by %s',
      (text) => {
        const judge = new PathRules({ master: [], access: [text] }, surroundings);
        expect(judge.requirementForTarget(NEW, 'POST', true)).toBe(ACCESS);
        expect(judge.requirementForEndpoint(NEW)).toBe(ACCESS);
        expect(judge.rulesForPattern(NEW, 'POST', true)).toHaveLength(1);
      },
    );

    it('are meant at /.well-known by its name alone', () => {
      const ask = (text: string) =>
        new PathRules({ master: [], access: [text] }, surroundings).requirementForTarget(
          '/.well-known/jwks.json',
          'GET',
          true,
        );
      expect(['/', '/*', '/.well-known', '/.well-known/jwks.json', '/*/jwks.json'].map(ask)).toEqual([
        NONE,
        NONE,
        ACCESS,
        ACCESS,
        ACCESS,
      ]);
    });

    it('leave everything else guarded, however near it is', () => {
      const judge = new PathRules({ master: ['/'], access: [] }, surroundings);
      expect(judge.requirementForTarget(NEW)).toBe(MASTER);
      expect(judge.requirementForTarget(NEW, 'DELETE', true)).toBe(MASTER);
      expect(judge.requirementForPattern(NEW)).toBe(MASTER);
      expect(judge.requirementForPattern('/api/my/auth/token/:x', 'GET', true)).toBe(MASTER);
      for (const target of [
        `${NEW}/`,
        `${NEW}/x`,
        `${NEW}s`,
        `${NEW}#x`,
        `${NEW};x`,
        `${NEW}%3fx`,
        `${NEW}/../../admin`,
        '/api/my/auth/token/..;/new',
        '/API/my/auth/token/new',
        '/api/my/auth/token/%6eew',
        '/api//my/auth/token/new',
        `http://host${NEW}`,
        `//host${NEW}`,
        '/my/auth/token/new',
      ]) {
        expect({ target, requirement: judge.requirementForTarget(target, 'GET', true) }).toEqual({
          target,
          requirement: MASTER,
        });
      }
    });

    it('open no other target, whatever is written', () => {
      const judge = new PathRules({ master: ['/'], access: [] }, surroundings);
      fc.assert(
        fc.property(fc.constantFrom(NEW, '/.well-known/jwks.json'), spelling(), (path, spell) => {
          const spelt = spell(path);
          const isPlain = spelt === path || spelt.startsWith(`${path}?`);
          expect({ spelt, requirement: judge.requirementForTarget(spelt, 'GET', true) }).toEqual({
            spelt,
            requirement: isPlain ? NONE : MASTER,
          });
        }),
        { numRuns: 3000 },
      );
    });
  });
});

function pathOf(segment: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc.array(segment, { maxLength: 4 }).map((segments) => `/${segments.join('/')}`);
}

import { describe, expect, it } from '@jest/globals';
import { compilePathRule } from './path-rule.js';

describe('a path rule', () => {
  it.each([
    ['/access', '/access', true],
    ['/access', '/access/x/y', true],
    ['/access', '/accessories', false],
    ['/access', '/', false],
    ['access/', '/access/x', true],
    ['/ACCESS', '/access', true],
    ['/access*', '/access', true],
    ['/access*', '/accessories', true],
    ['/access*', '/accessories/x', true],
    ['/access*', '/acces', false],
    ['/*/health', '/a/health', true],
    ['/*/health', '/a/health/deep', true],
    ['/*/health', '/a/b/health', false],
    ['/:section/health', '/a/health', true],
    ['/files/*path', '/files/a', true],
    ['/files/*', '/files', false],
    ['/files/*.txt', '/files/a.b.txt', true],
    ['/files/*.txt', '/files/.tx', false],
    ['/files/a*b*c', '/files/axxbxbxxc', true],
    ['/files/a*b*c', '/files/axxcxxc', false],
    ['/files/:id.json', '/files/7.json', true],
    ['/ab*ba', '/aba', false],
    ['/', '/', true],
    ['/', '/anything', true],
    ['/*', '/', false],
    ['/caf%C3%A9', '/café/x', true],
    ['/a/../b//c', '/b/c', true],
  ])('%s on %s: %s', (rule, path, expected) => {
    expect(compilePathRule(rule).matches(path)).toBe(expected);
  });

  it.each(['', '   ', '/a?b', '/a#b', '/files{/*path}', 'http://host/a', '/a\nb', '/a%00b'])(
    '%j is refused',
    (text) => {
      expect(() => compilePathRule(text)).toThrow('path rule');
    },
  );

  it.each([
    ['/access', '/access/:id', true],
    ['/access', '/accessories/:id', false],
    ['/access', '/:section/health', false],
    ['/:section/health', '/:any/health', true],
    ['/*', '/:any', true],
    ['/files', '/files/*path', true],
    ['/files', '/files/*', true],
    ['/files', '/files{/*path}', true],
    ['/en/access', '/{en/}access', true],
    ['/access', '/{:lang/}access', true],
    ['/a/*', '/a/:id(^\\d+/{2}$)', true],
    ['/a/x', '/a/:id(^x/y)', false],
    ['/a/*-*', '/a/:from-:to', true],
    ['/a:b', '/a::b', true],
    ['/a/{b}', '/a', undefined],
    ['/', '/{*splat}', true],
    ['/a', '/a/:b?', true],
    ['/access', '/%61ccess', true],
  ])('%s for the route %s: %s', (rule, pattern, expected) => {
    if (expected === undefined) expect(() => compilePathRule(rule)).toThrow();
    else expect(compilePathRule(rule).matchesPattern(pattern)).toBe(expected);
  });

  it.each([
    ['/master', '/:section/health', true],
    ['/master', '/health', false],
    ['/deep/down/there', '/deep/*rest', true],
    ['/deep/down', '/deep', false],
  ])('%s may reach the route %s: %s', (rule, pattern, expected) => {
    expect(compilePathRule(rule).mayReach(pattern)).toBe(expected);
  });

  it('is linear where a regular expression made from it would not be', () => {
    const rule = compilePathRule(`/${'a*'.repeat(40)}b`);
    expect(rule.matches(`/${'a'.repeat(50_000)}`)).toBe(false);
  });
});

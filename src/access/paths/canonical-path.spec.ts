import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { canonicalForms, plainPath } from './canonical-path.js';

describe('the canonical forms of a request target', () => {
  it.each([
    ['/access/health', '/access/health'],
    ['/access/health?x=%2e%2e//', '/access/health'],
    ['/Access/', '/access'],
    ['/.well-known/jwks.json', '/.well-known/jwks.json'],
    ['/', '/'],
    ['/?', '/'],
    ["/a:b/c@d,e+f=g'~!$&()*", "/a:b/c@d,e+f=g'~!$&()*"],
  ])('%s has one', (target, form) => {
    expect(plainPath(target)).toBe(form);
    expect(canonicalForms(target)).toEqual([form]);
  });

  it.each([
    '//access/health',
    '/access//health',
    '/access/health/',
    '/access/health//?x',
    '/%61ccess/health',
    '/%2561ccess/health',
    '/access%2fhealth',
    '/access%252Fhealth',
    '/access%5chealth',
    '/access\\health',
    '\\access\\health',
    '/access/health;x=1',
    '/access;a=b/health',
    '/%61ccess/health;a=b',
    '/access/health%3Fx',
    '/access/health%23x',
    '/access/health%00.html',
    '/access/health#x',
    '/access/health#x?y',
    '/./access/health',
    '/x/../access/health',
    '/../access/health',
    '/access/./health/.',
    'http://host/access/health',
    'HTTPS://user@host:1/access/health',
    'http:///access/health',
    'http://host?x/access/health',
    '//host/access/health',
    '/ACCESS%2Fh%45alth',
  ])('%s may be /access/health', (target) => {
    expect(canonicalForms(target)).toContain('/access/health');
  });

  it.each([
    '/%252561ccess/health',
    '/x/%2e%2e/access/health',
    '/x/..;/access/health',
    '/x/.%2E;a/access/health',
    '/x/..%2faccess/health',
    '/y#/../access/health',
    '/q%2fr/../%61ccess/health',
    '/access/%zz/../health',
    'http://host;/access/health',
    'http://host\\access/health',
    '/\\host/access/health',
    '/%61ccess;a//health',
    `/${'a/./'.repeat(9)}`,
    `/${';a/'.repeat(9)}`,
  ])('%s may be too many paths', (target) => {
    expect(canonicalForms(target)).toBeUndefined();
  });

  it.each([
    ['/of/a%20b', ['/of/a%20b', '/of/a b']],
    ['/of/%C3%9Cber', ['/of/%c3%9cber', '/of/über']],
    ['/\u00c9t\u00e9', ['/été']],
    ['/of/100%25', ['/of/100%25', '/of/100%']],
    ['/of/a%2Fb%20c', ['/of/a%2fb%20c', '/of/a/b c', '/of/a%2fb c']],
    ['/file%2Epdf', ['/file%2epdf', '/file.pdf']],
    ['/of/a;v=1', ['/of/a;v=1', '/of/a']],
    ['/of;v=1/a', ['/of;v=1/a', '/of', '/of/a']],
    ['/of//a', ['/of//a', '/of/a']],
    ['/of/./a', ['/of/./a', '/of/a']],
  ])('of %s, as honest clients may write it, are written out', (target, forms) => {
    expect([...new Set(canonicalForms(target))].sort()).toEqual([...forms].sort());
  });

  it.each([
    ['/x/../access', '/x/../access'],
    ['/a;/b', '/a;/b'],
    ['/a//b', '/a//b'],
    ['/a%2fb/%63', '/a%2fb/c'],
    ['/a//../b', '/a/b'],
  ])('%s also stands for %s, as some router takes it', (target, form) => {
    expect(canonicalForms(target)).toContain(form);
  });

  it('leaves alone what is not encoded properly', () => {
    expect(canonicalForms('/%u0061/%')).toEqual(['/%u0061/%']);
    expect(canonicalForms('/%c1%a1x')).toEqual(['/%c1%a1x', '/\ufffd\ufffdx']);
  });

  it('gives up on a target with too many readings, in good time', () => {
    expect(canonicalForms(`/${'%2525252525252e;\\//../'.repeat(3000)}`)).toBeUndefined();
  });

  it('never throws, whatever is asked, and its forms are paths', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), spelledLikeAPath()), (target) => {
        for (const form of canonicalForms(target) ?? []) {
          expect(form.startsWith('/')).toBe(true);
          expect(form === '/' || !form.endsWith('/')).toBe(true);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('are few, each no longer than the target', () => {
    for (const unit of ['a', '/', '%', '%25', '%2e', '../', ';', '\\', '#', '?', '%ff', '/%2e%2e;\\', 'é%']) {
      const target = `/${unit.repeat((64 * 1024) / unit.length)}`;
      const forms = canonicalForms(target) ?? [];
      expect(forms.length).toBeLessThanOrEqual(4);
      expect(Math.max(0, ...forms.map((form) => form.length))).toBeLessThanOrEqual(target.length);
    }
  });
});

function spelledLikeAPath(): fc.Arbitrary<string> {
  return fc
    .array(
      fc.constantFrom(
        '/',
        '\\',
        '.',
        '..',
        ';',
        '?',
        '#',
        '%',
        '%2f',
        '%25',
        '%2e',
        'a',
        'B',
        '://',
        '%ff',
        'é',
      ),
    )
    .map((parts) => parts.join(''));
}

import { describe, expect, it } from '@jest/globals';
import { array, assert, constantFrom, property } from 'fast-check';
import { canonicalForms } from './canonical-path.js';
import { compilePathRule } from './path-rule.js';
import { PublicPaths } from './public-paths.js';

describe('public paths', () => {
  const paths = new PublicPaths(['/docs', '/files/:name/raw', '/my%20files', '/Status*']);

  it.each([
    '/docs',
    '/docs/',
    '/docs?x=1',
    '/docs/swagger-ui.css',
    '/files/a/raw',
    '/files/a%20b/raw/c',
    '/my%20files/x',
    '/Status.json',
  ])('open %s', (target) => {
    expect(paths.opens(target)).toBe(true);
  });

  it.each([
    '/',
    '/doc',
    '/docsx',
    '/files/a/b/raw',
    // Another case may be another path.
    '/DOCS',
    '/status.json',
    // Servers differ in what these are.
    '//docs',
    '/docs/..',
    '/docs/../admin',
    '/docs/%2e%2e/admin',
    '/docs;/x',
    '/docs%2fx',
    '/docs\\..\\admin',
    '/%64ocs/%252e%252e/admin',
    'http://host/docs',
    '/docs#/x',
    '/docs/a%00',
  ])('do not open %s', (target) => {
    expect(paths.opens(target)).toBe(false);
  });

  it('open nothing that any server might take for a path outside', () => {
    const piece = constantFrom(
      '/',
      'docs',
      '..',
      '.',
      ';',
      '%2e',
      '%2f',
      '%25',
      '\\',
      'a',
      'A',
      '?',
      '#',
      '%20',
    );
    assert(
      property(array(piece, { maxLength: 12 }), (pieces) => {
        const target = `/docs${pieces.join('')}`;
        if (!new PublicPaths(['/docs']).opens(target)) return;
        const rule = compilePathRule('/docs');
        expect(canonicalForms(target)?.every((form) => rule.matches(form))).toBe(true);
      }),
    );
  });
});

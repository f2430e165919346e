import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { spelling } from '../../../test/support/path-spelling.js';
import { ACCESS, BOTH, MASTER, NONE } from '../requirement.js';
import { PathRules } from './path-rules.js';

const LISTS = { master: ['/master', '/both/*/deep'], access: ['/access', '/both', '/raw*'] };

describe('the path rules, whatever the spelling', () => {
  const rules = new PathRules(LISTS);
  const prefixed = new PathRules(LISTS, () => ({ globalPrefix: 'api', versionPrefixes: ['v1'] }));

  it.each([
    ['without prefixes', rules, ''],
    ['behind a prefix', prefixed, '/api/v1'],
  ])('ask at least for what the plain path needs, %s', (_, judge, prefix) => {
    fc.assert(
      fc.property(guardedPath(), spelling(), (path, spell) => {
        const plain = judge.requirementForTarget(prefix + path);
        const spelt = spell(prefix + path);
        const isMissed = !judge.requirementForTarget(spelt).implies(plain);
        expect({ spelt, isMissed }).toEqual({ spelt, isMissed: false });
        expect(plain).not.toBe(NONE);
      }),
      { numRuns: 5000 },
    );
  });

  it('never throw', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
        expect([NONE, ACCESS, MASTER, BOTH]).toContain(prefixed.requirementForTarget(text));
        expect([NONE, ACCESS, MASTER, BOTH]).toContain(prefixed.requirementForPattern(text));
      }),
      { numRuns: 2000 },
    );
  });
});

function guardedPath(): fc.Arbitrary<string> {
  const segment = fc.stringMatching(/^[a-z0-9_-]{1,5}$/);
  return fc
    .tuple(
      fc.oneof(
        fc.constantFrom('/access', '/master', '/both', '/raw', '/rawhide'),
        segment.map((name) => `/both/${name}/deep`),
      ),
      fc.array(segment, { maxLength: 2 }),
    )
    .map(([head, tail]) => [head, ...tail].join('/'));
}

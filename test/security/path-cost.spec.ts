// What a stranger writes as a path is looked at before any credential. However odd it is, and however many rules there
// are, deciding it costs no more than a small multiple of a plain path of the same length.
import { beforeAll, describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { PathRules } from '../../src/access/paths/path-rules.js';

const HOSTILE = [
  '/..;a',
  '/%2e%2e',
  '/%252e%252e/',
  '/%25252525',
  '/%ff',
  '/%zz',
  '/a%2f',
  '/a%2fb%20',
  '//',
  '/;',
  ';',
  '/.',
  '/a/..',
  '\\',
  '#',
  '/*',
  '/a',
  'é',
  '/%e6%97%a5',
  '%',
  '%5c..;/',
];
/** What the few strings of an odd path cost at any length: a tenth of what a server does for any request. */
const SLACK_NS = 8_000;
const ROUNDS = 25;
const ATTEMPTS = 4;
const WARM_UP_CALLS = 2_000;

const PREFIXES = () => ({ globalPrefix: 'api', versionPrefixes: ['v1', 'v2'] });
const numbered = (rule: (n: number) => string, count = 200) =>
  Array.from({ length: count }, (_, index) => rule(index));
const RULES: Readonly<Record<string, PathRules>> = {
  'one rule': new PathRules({ master: ['/admin'], access: [] }),
  '200 rules below a wildcard': new PathRules({ master: numbered((n) => `/*/x${n}`), access: [] }, PREFIXES),
  '200 rules with a wildcard within': new PathRules(
    { master: numbered((n) => `/x${n}*y`), access: [] },
    PREFIXES,
  ),
  'wildcards that overlap': new PathRules({
    master: ['/*/*/*/*/*/*/*/*/z', '/a/*/a/*/a/*/a/*/z', '/*/a/*/a/*/a/*/a/z', '/a*/*a/a*/*a/a*/*a/a*/*a/z'],
    access: numbered((n) => `/*/*/*/*/*/*/x${n}`),
  }),
};

describe.each(Object.entries(RULES))('the cost of a path with %s', (_, rules) => {
  beforeAll(() => {
    rules.onApplicationBootstrap();
    for (const unit of [...HOSTILE, '/abc']) {
      for (let call = 0; call < WARM_UP_CALLS; call++) rules.demandForTarget(`/x${unit}`);
    }
  });

  it.each(HOSTILE)('made of %s is at most three times that of a plain one', (unit) => {
    for (const length of [31, 500, 9000]) {
      const odd = `/x${unit.repeat(Math.ceil(length / unit.length))}`.slice(0, length);
      const plain = `/x${'/abcdefg'.repeat(length)}`.slice(0, length);
      expectBounded(rules, odd, plain, 3);
    }
  });

  it('holds for whatever is put together of them', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...HOSTILE, 'abc', '/abc'), { minLength: 1, maxLength: 40 }),
        fc.constantFrom(1, 50),
        (parts, times) => {
          const odd = `/${parts.join('').repeat(times)}`;
          const plain = `/${'abcdefg/'.repeat(odd.length)}`.slice(0, odd.length);
          expectBounded(rules, odd, plain, 3);
        },
      ),
      { numRuns: 60 },
    );
  });

  it.each([100, 240, 500, 1000])('holds for a path of %d characters with few of them', (length) => {
    fc.assert(
      fc.property(
        fc.constantFrom('/abcdefg', '/ABCDEFG', '/%e6%97%a5', '/é'),
        fc.array(fc.constantFrom(...HOSTILE, '/x%20', '%2f', '/;v=1', '/y%ff'), {
          minLength: 1,
          maxLength: 3,
        }),
        (body, parts) => {
          const tail = parts.join('');
          const odd = body.repeat((length - tail.length) / body.length) + tail;
          const plain = `/${'abcdefg/'.repeat(length)}`.slice(0, odd.length);
          expectBounded(rules, odd, plain, 3);
        },
      ),
      { numRuns: 25 },
    );
  });
});

/** Measures again while another process may have been in the way: what costs too much does so each time. */
function expectBounded(rules: PathRules, odd: string, plain: string, times: number): void {
  let costs = leastCosts(rules, odd, plain);
  for (let attempt = 1; attempt < ATTEMPTS && !isBounded(costs, times); attempt++) {
    costs = leastCosts(rules, odd, plain);
  }
  const [ofOdd, ofPlain] = costs;
  expect(ofOdd).toBeLessThan(times * ofPlain + SLACK_NS);
}

function isBounded([ofOdd, ofPlain]: readonly [number, number], times: number): boolean {
  return ofOdd < times * ofPlain + SLACK_NS;
}

/** Nanoseconds a call, the least of several rounds taken in turns: another process can only add to some of them. */
function leastCosts(rules: PathRules, ...targets: readonly string[]): readonly [number, number] {
  const least = targets.map(() => Infinity);
  const calls = Math.max(5, Math.ceil(3000 / (targets[0]?.length ?? 1)));
  for (let round = 0; round < ROUNDS; round++) {
    for (const [index, target] of targets.entries()) {
      const start = process.hrtime.bigint();
      for (let call = 0; call < calls; call++) rules.demandForTarget(target);
      least[index] = Math.min(least[index] ?? 0, Number(process.hrtime.bigint() - start) / calls);
    }
  }
  return [least[0] ?? 0, least[1] ?? 0];
}

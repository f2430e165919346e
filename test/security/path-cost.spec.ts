// What a stranger writes as a path is looked at before any credential. However odd it is, and however many rules there
// are, deciding it costs no more than a small multiple of a plain path of the same length.
import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { spawnSync } from 'node:child_process';

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
/**
 * What the few strings of an odd path cost at any length, in plain paths of a thousand characters: a microsecond or two
 * each, and on a busy machine more, as all else is.
 */
const BOUND = { times: 3, yardsticks: 5 };

/** An odd path, and a plain one of its length. */
type Pair = readonly [odd: string, plain: string];

describe.each([
  'one rule',
  '200 rules below a wildcard',
  '200 rules with a wildcard within',
  'wildcards that overlap',
])('the cost of a path with %s', (rules) => {
  it('is at most three times that of a plain one, whatever it is made of', () => {
    const pairs = HOSTILE.flatMap((unit) =>
      [31, 500, 9000].map((length): Pair => [
        `/x${unit.repeat(Math.ceil(length / unit.length))}`.slice(0, length),
        `/x${'/abcdefg'.repeat(length)}`.slice(0, length),
      ]),
    );
    expectBounded(rules, pairs);
  });

  it('holds for whatever is put together of them', () => {
    const parts = fc.array(fc.constantFrom(...HOSTILE, 'abc', '/abc'), { minLength: 1, maxLength: 40 });
    const pairs = fc.sample(fc.tuple(parts, fc.constantFrom(1, 50)), 60).map(([chosen, times]): Pair => {
      const odd = `/${chosen.join('').repeat(times)}`;
      return [odd, `/${'abcdefg/'.repeat(odd.length)}`.slice(0, odd.length)];
    });
    expectBounded(rules, pairs);
  });

  it.each([100, 240, 500, 1000])('holds for a path of %d characters with few of them', (length) => {
    const bodies = fc.constantFrom('/abcdefg', '/ABCDEFG', '/%e6%97%a5', '/é');
    const tails = fc.array(fc.constantFrom(...HOSTILE, '/x%20', '%2f', '/;v=1', '/y%ff'), {
      minLength: 1,
      maxLength: 3,
    });
    const pairs = fc.sample(fc.tuple(bodies, tails), 25).map(([body, parts]): Pair => {
      const tail = parts.join('');
      const odd = body.repeat((length - tail.length) / body.length) + tail;
      return [odd, `/${'abcdefg/'.repeat(length)}`.slice(0, odd.length)];
    });
    expectBounded(rules, pairs);
  });
});

function expectBounded(rules: string, pairs: readonly Pair[]): void {
  const { stdout, stderr } = spawnSync(process.execPath, ['test/support/path-costs.mjs'], {
    input: JSON.stringify({ rules, pairs, bound: BOUND }),
    encoding: 'utf8',
  });
  expect(stderr).toBe('');
  const costs = JSON.parse(stdout) as readonly (readonly [odd: number, plain: number, yardstick: number])[];
  expect(costs).toHaveLength(pairs.length);
  const beyond = costs.flatMap(([odd, plain, yardstick], n) =>
    odd < BOUND.times * plain + BOUND.yardsticks * yardstick
      ? []
      : [{ path: pairs[n]?.[0], odd, plain, yardstick }],
  );
  expect(beyond).toEqual([]);
}

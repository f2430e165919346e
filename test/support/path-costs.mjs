// What it costs to decide paths, in a process of its own and without a test runner, whose transformed modules run at
// another speed. Reads `{ rules, pairs: [odd, plain][], bound }` from standard input, and answers nanoseconds for each,
// and for a plain path of a thousand characters with one rule, which says how fast the machine was meanwhile.
import 'reflect-metadata';
import { text } from 'node:stream/consumers';
import { PathRules } from '../../build/access/paths/path-rules.js';

const ROUNDS = 25;
const ATTEMPTS = 4;
const WARM_UP_CALLS = 2000;

const PREFIXES = () => ({ globalPrefix: 'api', versionPrefixes: ['v1', 'v2'] });
const numbered = (rule, count = 200) => Array.from({ length: count }, (_, index) => rule(index));
const RULES = {
  'one rule': () => new PathRules({ master: ['/admin'], access: [] }),
  '200 rules below a wildcard': () =>
    new PathRules({ master: numbered((n) => `/*/x${n}`), access: [] }, PREFIXES),
  '200 rules with a wildcard within': () =>
    new PathRules({ master: numbered((n) => `/x${n}*y`), access: [] }, PREFIXES),
  'wildcards that overlap': () =>
    new PathRules({
      master: [
        '/*/*/*/*/*/*/*/*/z',
        '/a/*/a/*/a/*/a/*/z',
        '/*/a/*/a/*/a/*/a/z',
        '/a*/*a/a*/*a/a*/*a/a*/*a/z',
      ],
      access: numbered((n) => `/*/*/*/*/*/*/x${n}`),
    }),
};

const YARDSTICK = `/${'abcdefg/'.repeat(124)}abcdefg`;

const asked = JSON.parse(await text(process.stdin));
const rules = settled(RULES[asked.rules]());
const oneRule = settled(RULES['one rule']());
// Both ends of a path: what is odd about it is often the last of it, and code that never ran is no slower for being odd.
const shortened = (path) => path.slice(0, 50) + path.slice(50).slice(-50);
for (let call = 0; call < WARM_UP_CALLS; call++) oneRule.requirementForTarget(YARDSTICK);
for (const pair of asked.pairs.slice(0, 40)) {
  for (const path of pair.map(shortened))
    for (let call = 0; call < WARM_UP_CALLS; call++) rules.requirementForTarget(path);
}
console.log(JSON.stringify(asked.pairs.map(([odd, plain]) => bounded(odd, plain))));

function settled(rules) {
  rules.onApplicationBootstrap();
  return rules;
}

/** Measures again while another process may have been in the way: what costs too much does so each time. */
function bounded(odd, plain) {
  let costs;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    costs = leastCosts([rules, odd], [rules, plain], [oneRule, YARDSTICK]);
    if (costs[0] < asked.bound.times * costs[1] + asked.bound.yardsticks * costs[2]) break;
  }
  return costs;
}

/** Nanoseconds a call, the least of several rounds taken in turns: another process can only add to some of them. */
function leastCosts(...decisions) {
  const least = decisions.map(() => Infinity);
  const calls = Math.max(5, Math.ceil(3000 / decisions[0][1].length));
  for (let round = 0; round < ROUNDS; round++) {
    for (const [index, [by, target]] of decisions.entries()) {
      const start = process.hrtime.bigint();
      for (let call = 0; call < calls; call++) by.requirementForTarget(target);
      least[index] = Math.min(least[index], Number(process.hrtime.bigint() - start) / calls);
    }
  }
  return least;
}

import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { MasterTokens } from '../../src/access/master-tokens.js';
import { FakeClock } from '../support/fake-clock.js';

/**
 * Whether the time of a comparison tells how much of a guess is right. The token is long, so that a comparison which
 * ends at the first difference takes some microseconds less for a wrong first character than for a wrong last one: this
 * finds differences of about a tenth of the comparison's own time (hashing 4096 characters). The last test shows that it does.
 */
const SECRET = 'abcdefghijklmnopqrstuvwxyz0123456789-_'.repeat(110).slice(0, 4096);
const SAMPLES = 400;
const CALLS = 10;
const ROUNDS = 4;
const TELLING_SHARE = 0.1;

type Check = (guess: string) => unknown;

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[values.length >> 1] as number;
}

/** Microseconds of a call of each, the median of many short samples taken in turns. */
function medians(calls: readonly (() => unknown)[]): number[] {
  const times = calls.map((): number[] => []);
  for (let sample = 0; sample < SAMPLES; sample++) {
    for (let n = 0; n < calls.length; n++) {
      // Another one comes first each time.
      const index = (n + sample) % calls.length;
      const call = calls[index] as () => unknown;
      const start = performance.now();
      for (let repeat = 0; repeat < CALLS; repeat++) call();
      (times[index] as number[]).push(((performance.now() - start) * 1000) / CALLS);
    }
  }
  return times.map(median);
}

/** A real difference shows every time; what the machine did besides does not. */
function tellsApart(calls: readonly (() => unknown)[]): boolean {
  for (let round = 0; round < ROUNDS; round++) {
    const found = medians(calls);
    const difference = Math.max(...found) - Math.min(...found);
    if (difference < TELLING_SHARE * Math.min(...found)) return false;
  }
  return true;
}

const guesses = [
  `X${SECRET.slice(1)}`,
  `${SECRET.slice(0, 2048)}X${SECRET.slice(2049)}`,
  `${SECRET.slice(0, -1)}X`,
];
const callsOf = (check: Check) => guesses.map((guess) => () => check(guess));

function masterTokens(...secrets: string[]): Check {
  const tokens = secrets.map((secret, n) => ({
    name: `token-${n}`,
    hash: createHash('sha256').update(secret).digest('hex'),
    expiresAt: undefined,
  }));
  const master = new MasterTokens({ masterTokens: tokens }, new FakeClock());
  expect(master.principalOf(secrets[0] as string)).toBeDefined();
  return (guess) => master.principalOf(guess);
}

describe('the time of the check of a master token', () => {
  it('does not tell where a guess goes wrong', () => {
    expect(tellsApart(callsOf(masterTokens(SECRET)))).toBe(false);
  });

  it('does not tell how long the token is', () => {
    const checks = ['x'.repeat(16), SECRET, SECRET.slice(1)].map((secret) => masterTokens(secret));
    expect(tellsApart(checks.map((check) => () => check(guesses[0] as string)))).toBe(false);
  });

  it('does not tell which one of several it was', () => {
    const check = masterTokens(
      SECRET,
      ...Array.from({ length: 8 }, (_, n) => `other-${n}`),
      `${SECRET}!`.slice(1),
    );
    expect(tellsApart([SECRET, `${SECRET}!`.slice(1)].map((guess) => () => check(guess)))).toBe(false);
  });

  it('would tell with a comparison that ends at the first difference', () => {
    const naive: Check = (guess) => {
      if (guess.length !== SECRET.length) return false;
      for (let index = 0; index < guess.length; index++) {
        if (guess.charCodeAt(index) !== SECRET.charCodeAt(index)) return false;
      }
      return true;
    };
    expect(tellsApart(callsOf(naive))).toBe(true);
    const hashing = masterTokens(SECRET);
    expect(tellsApart(callsOf((guess) => [hashing(guess), naive(guess)]))).toBe(true);
  });
});

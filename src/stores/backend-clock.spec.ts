import { describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { BackendClock } from './backend-clock.js';

const HOUR_MS = 3_600_000;

/** A backend whose clock is an hour ahead of `performance.now()`, unless it was set since. */
function backend() {
  const it = { ahead: HOUR_MS, questions: 0, delay: 0 };
  const clock = new BackendClock(async () => {
    it.questions++;
    const time = performance.now() + it.ahead;
    await sleep(it.delay);
    return time;
  });
  return { clock, it };
}

describe('BackendClock', () => {
  it('knows what the clock will show, never later than it will', async () => {
    const { clock, it } = backend();
    it.delay = 20;
    const moment = performance.now() + 1000;
    const shown = await clock.at(moment);
    expect(shown).toBeLessThanOrEqual(moment + HOUR_MS);
    expect(shown).toBeGreaterThan(moment + HOUR_MS - 200);
  });

  it('asks once for all who want to know, and not again for a while', async () => {
    const { clock, it } = backend();
    await Promise.all([clock.at(0), clock.at(0), clock.at(0)]);
    await clock.at(0);
    expect(it.questions).toBe(1);
  });

  it('asks again when told that the clock was set', async () => {
    const { clock, it } = backend();
    await clock.at(0);
    it.ahead = 0;
    clock.forget();
    expect(await clock.at(1000)).toBeLessThanOrEqual(1000);
    expect(it.questions).toBe(2);
  });

  it('asks again after a question that failed', async () => {
    let fails = true;
    const clock = new BackendClock(async () => {
      if (fails) throw new Error('cut');
      return 5;
    });
    await expect(clock.at(0)).rejects.toThrow('cut');
    fails = false;
    await expect(clock.at(0)).resolves.toBeLessThanOrEqual(5);
  });
});

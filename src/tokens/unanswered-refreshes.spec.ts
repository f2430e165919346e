import { describe, expect, it } from '@jest/globals';
import { UnansweredRefreshes } from './unanswered-refreshes.js';

const PATIENCE = 5;
const START = 1_988_150_400;

describe('UnansweredRefreshes', () => {
  it('knows since when a client asks that repeats as it was told', () => {
    const unanswered = new UnansweredRefreshes();
    for (let second = 0; second < 60; second += 2) unanswered.add('a', START + second, START + second + 1);
    expect(unanswered.waited('a', START + 60)).toBe(60);
    expect(unanswered.waited('b', START + 60)).toBe(0);
  });

  it('begins anew when the repeat comes more than 5 seconds after the last answer', () => {
    const unanswered = new UnansweredRefreshes();
    unanswered.add('a', START, START);
    expect(unanswered.waited('a', START + PATIENCE)).toBe(PATIENCE);
    expect(unanswered.waited('a', START + PATIENCE + 0.1)).toBe(0);
    unanswered.add('a', START + PATIENCE + 1, START + PATIENCE + 1);
    expect(unanswered.waited('a', START + PATIENCE + 2)).toBe(1);
  });

  it('forgets who was answered', () => {
    const unanswered = new UnansweredRefreshes();
    unanswered.add('a', START, START);
    unanswered.forget('a');
    expect(unanswered.waited('a', START + 1)).toBe(0);
  });

  it('counts nothing by a clock that was set back', () => {
    const unanswered = new UnansweredRefreshes();
    unanswered.add('a', START, START);
    expect(unanswered.waited('a', START - 3600)).toBe(0);
  });

  it('keeps 10 000 at most', () => {
    const unanswered = new UnansweredRefreshes();
    for (let n = 0; n <= 10_000; n++) unanswered.add(`${n}`, START, START);
    expect(unanswered.waited('0', START + 1)).toBe(0);
    expect(unanswered.waited('10000', START + 1)).toBe(1);
  });
});

import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { ReloadBudget } from './reload-budget.js';

const HOUR = 3_600_000;

describe('ReloadBudget', () => {
  it('has four readings at once, then one each 5 seconds, whatever names are made up', () => {
    const budget = new ReloadBudget();
    const spent: number[] = [];
    for (let now = 0; now <= 20_000; now += 100) if (budget.spend(`made-up-${now}`, now)) spent.push(now);
    expect(spent).toEqual([0, 100, 200, 300, 5000, 10_000, 15_000, 20_000]);
  });

  it('counts one name once in 30 seconds, so that it uses up nothing', () => {
    const budget = new ReloadBudget();
    const spent = [];
    for (let now = 0; now <= 60_000; now += 1000) if (budget.spend('made-up', now)) spent.push(now);
    expect(spent).toEqual([0, 30_000, 60_000]);
    expect(budget.spend('real', 60_001)).toBe(true);
  });

  it('saves up no more than the four', () => {
    const budget = new ReloadBudget();
    budget.spend('first', 0);
    const spent = Array.from({ length: 20 }, (_, n) => budget.spend(`n${n}`, HOUR)).filter(Boolean);
    expect(spent).toHaveLength(4);
  });

  it('goes on when the clock is set back', () => {
    const budget = new ReloadBudget();
    for (let n = 0; n < 4; n++) budget.spend(`n${n}`, HOUR);
    expect(budget.spend('n9', 1)).toBe(false);
    expect(budget.spend('n0', 5001)).toBe(true);
  });

  it('never lets more than its bound through, and a new name waits no longer than 5 seconds', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(9000), fc.nat(300)), { minLength: 1, maxLength: 300 }), (asks) => {
        const budget = new ReloadBudget();
        let now = 0;
        let spent = 0;
        for (const [pause, name] of asks) {
          now += pause;
          if (budget.spend(`n${name}`, now)) spent++;
        }
        expect(spent).toBeLessThanOrEqual(4 + Math.floor(now / 5000));
        expect(budget.spend('real', now + 5000)).toBe(true);
      }),
    );
  });
});

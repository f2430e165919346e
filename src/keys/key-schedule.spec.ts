import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { importSecret } from './import-key.js';
import { KeySchedule, type ScheduledKey } from './key-schedule.js';
import type { KeyStatus } from './ring-key.js';

const SECRET = 'a secret of the tests, thirty-two bytes or more';

interface Written {
  readonly status?: KeyStatus;
  readonly signingFrom?: number | undefined;
  readonly verifyUntil?: number | undefined;
  readonly isFallback?: boolean;
}

function written(
  kid: string,
  { status, signingFrom, verifyUntil, isFallback = false }: Written,
): ScheduledKey {
  const key = importSecret(`${SECRET} ${kid}`, { kid, status, verifyUntil });
  return { key, signingFrom, source: 'test', isFallback };
}

function statuses(schedule: KeySchedule, now: number): Record<string, KeyStatus> {
  return Object.fromEntries(schedule.keysAt(now).map(({ kid, status }) => [kid, status]));
}

describe('KeySchedule', () => {
  it('lets the next key sign from its time on, and the one before verify', () => {
    const schedule = new KeySchedule([
      written('old', { status: 'signing' }),
      written('new', { status: 'next', signingFrom: 100 }),
    ]);
    expect(statuses(schedule, 99.9)).toEqual({ old: 'signing', new: 'next' });
    expect(statuses(schedule, 100)).toEqual({ old: 'verify-only', new: 'signing' });
    expect(schedule.nextChangeAfter(50)).toBe(100);
    expect(schedule.nextChangeAfter(100)).toBeUndefined();
  });

  it('lets a next key without a time wait', () => {
    const schedule = new KeySchedule([written('old', {}), written('new', { status: 'next' })]);
    expect(statuses(schedule, 1e9)).toEqual({ old: 'signing', new: 'next' });
  });

  it('lets a key that only verifies do no more, whatever time it names', () => {
    const schedule = new KeySchedule([
      written('signs', { status: 'signing' }),
      written('verifies', { status: 'verify-only', signingFrom: 100 }),
    ]);
    for (const now of [50, 150]) {
      expect(statuses(schedule, now)).toEqual({ signs: 'signing', verifies: 'verify-only' });
    }
  });

  it('signs with the one-key form only while nothing else signs', () => {
    const schedule = new KeySchedule([
      written('ring', { status: 'next', signingFrom: 100 }),
      written('single', { isFallback: true }),
    ]);
    expect(statuses(schedule, 99)).toEqual({ single: 'signing', ring: 'next' });
    expect(statuses(schedule, 100)).toEqual({ single: 'verify-only', ring: 'signing' });
  });

  it('leaves out what has ended or is retired, whatever comes first', () => {
    const schedule = new KeySchedule(
      [
        written('a', {}),
        written('b', { status: 'verify-only', verifyUntil: 50 }),
        written('c', { status: 'verify-only' }),
      ],
      new Map([
        ['b', 70],
        ['c', 60],
      ]),
    );
    expect(statuses(schedule, 49)).toEqual({ a: 'signing', b: 'verify-only', c: 'verify-only' });
    expect(statuses(schedule, 50)).toEqual({ a: 'signing', c: 'verify-only' });
    expect(statuses(schedule, 60)).toEqual({ a: 'signing' });
    expect(schedule.keysAt(0).map(({ verifyUntil }) => verifyUntil)).toEqual([undefined, 50, 60]);
    expect(schedule.nextChangeAfter(50)).toBe(60);
  });

  it('tells two keys that both sign', () => {
    const schedule = new KeySchedule([written('a', {}), written('b', {})]);
    expect(() => schedule.ringAt(0)).toThrow('2 signing keys');
    expect(new KeySchedule([]).ringAt(0)).toBeUndefined();
  });

  const times = fc.option(fc.integer({ min: 1, max: 100 }), { nil: undefined });
  const key = fc.record({
    status: fc.constantFrom<KeyStatus>('signing', 'next', 'verify-only'),
    signingFrom: times,
    verifyUntil: times,
  });

  it('changes at the times that it says, and at no other', () => {
    fc.assert(
      fc.property(fc.array(key, { maxLength: 5 }), fc.integer({ min: 0, max: 100 }), (list, from) => {
        const schedule = new KeySchedule(list.map((entry, index) => written(`k${index}`, entry)));
        const next = schedule.nextChangeAfter(from) ?? 200;
        expect(next).toBeGreaterThan(from);
        expect(statuses(schedule, next - 0.01)).toEqual(statuses(schedule, from));
      }),
    );
  });

  it('has every key from the beginning until its end, without a break', () => {
    fc.assert(
      fc.property(fc.array(key, { maxLength: 5 }), (list) => {
        const schedule = new KeySchedule(list.map((entry, index) => written(`k${index}`, entry)));
        for (let now = 0; now <= 101; now++) {
          const expected = list.flatMap(({ verifyUntil = Infinity }, index) =>
            now < verifyUntil ? [`k${index}`] : [],
          );
          expect(Object.keys(statuses(schedule, now))).toEqual(expected);
        }
      }),
    );
  });
});

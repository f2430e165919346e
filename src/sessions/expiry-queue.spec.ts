import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { ExpiryQueue, type Expiring } from './expiry-queue.js';

describe('ExpiryQueue', () => {
  it('has the item that ends first in front, after any calls', () => {
    const calls = fc.array(
      fc.record({
        call: fc.constantFrom('add', 'remove', 'reschedule'),
        expiresAt: fc.integer({ min: 0, max: 50 }),
        pick: fc.nat(),
      }),
      { maxLength: 200 },
    );
    fc.assert(
      fc.property(calls, (calls) => {
        const queue = new ExpiryQueue<Expiring>();
        const items: Expiring[] = [];
        for (const { call, expiresAt, pick } of calls) {
          const item = items[pick % items.length];
          if (call === 'add' || item === undefined) {
            const added = { expiresAt, queueIndex: -1 };
            items.push(added);
            queue.add(added);
          } else if (call === 'remove') {
            items.splice(items.indexOf(item), 1);
            queue.remove(item);
          } else {
            queue.reschedule(item, expiresAt);
          }
          const soonest = Math.min(...items.map((item) => item.expiresAt));
          expect(queue.first?.expiresAt ?? Infinity).toBe(soonest);
        }
      }),
    );
  });
});

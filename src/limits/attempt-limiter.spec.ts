import { describe, expect, it } from '@jest/globals';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { SystemClock } from '../clock.js';
import type { FastauthConfig } from '../config/fastauth-config.js';
import { FastauthEvents } from '../events/fastauth-events.js';
import { AttemptLimiter } from './attempt-limiter.js';

/** More than the counts in memory are kept for. */
const MANY = 40_000;

describe('a flood of failed attempts', () => {
  const limiterOf = (failedAttemptsPerAddress: number) =>
    new AttemptLimiter(
      {
        failedAttemptsPerAddress,
        failedAttemptsPerClient: 1,
        trustedProxies: [],
        failedAttemptsStore: 'memory:',
      } as unknown as FastauthConfig,
      new SystemClock(),
      new FastauthEvents(),
    );
  const from = (remoteAddress: string) => ({ headers: {}, socket: { remoteAddress } });

  it('from the addresses of one /64 counts as one', async () => {
    const limiter = limiterOf(1);
    limiter.failed('token', from('2001:db8::1'));
    limiter.failed('token', from('2001:db8::2'));
    await nextTurn();
    expect(limiter.waitOf('token', from('2001:db8::ffff:3'))).toBeGreaterThan(0);
    expect(limiter.waitOf('token', from('2001:db8:0:1::1'))).toBeUndefined();
  });

  it('from more networks than memory is set apart for has the oldest count forgotten, and not the latest', async () => {
    const limiter = limiterOf(1);
    const network = (n: number) => from(`2001:db8:${(n >> 16).toString(16)}:${(n & 65535).toString(16)}::1`);
    for (let n = 0; n < MANY; n++) limiter.failed('token', network(n));
    for (const n of [0, MANY - 1]) limiter.failed('token', network(n));
    await nextTurn();
    expect(limiter.waitOf('token', network(0))).toBeUndefined();
    expect(limiter.waitOf('token', network(MANY - 1))).toBeGreaterThan(0);
  });
});

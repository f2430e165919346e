import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { FakeClock } from '../../test/support/fake-clock.js';
import type { KeySources } from '../config/key-sources.js';
import { FastauthEvents } from '../events/fastauth-events.js';
import { importSecret } from '../keys/import-key.js';
import { KeySchedule } from '../keys/key-schedule.js';
import { KeyRingWatcher } from './key-ring-watcher.js';

const SECOND = 1000;
const MINUTE = 60 * SECOND;

/** A key provider whose answers the test gives, and a watcher that asks it. */
async function open() {
  const clock = new FakeClock();
  const entry = (text: string, signingFrom: number | undefined) => ({
    key: importSecret(`${text}, a secret of thirty-two bytes or more`),
    signingFrom,
    source: 'the test',
    isFallback: false,
  });
  const [first, second] = [entry('first', undefined), entry('second', clock.seconds + 10)];
  const load = jest.fn(() => Promise.resolve(new KeySchedule([first, second])));
  const sources = {
    hasProvider: true,
    lacksFile: false,
    brought: [],
    schedule: await load(),
    load: async () => {},
    readFile: async () => {},
    askProvider: async () => {
      sources.schedule = await load();
    },
  };
  const watcher = await KeyRingWatcher.open(
    sources as unknown as KeySources,
    clock,
    new FastauthEvents(),
    () => [],
  );
  watcher.onModuleInit();
  const pass = async (milliseconds: number): Promise<void> => {
    clock.advance(milliseconds / SECOND);
    await jest.advanceTimersByTimeAsync(milliseconds);
  };
  return { watcher, load, pass, signingKid: () => watcher.active?.current.signingKey.kid, first, second };
}

describe('the key ring is kept', () => {
  beforeEach(() => {
    jest.useFakeTimers();
    Logger.overrideLogger(false);
  });
  afterEach(() => {
    jest.useRealTimers();
    Logger.overrideLogger(['log', 'error']);
  });

  it('in step with the time: a next key signs from its time on', async () => {
    const { watcher, pass, signingKid, first, second } = await open();
    await pass(9 * SECOND);
    expect(signingKid()).toBe(first.key.kid);
    await pass(2 * SECOND);
    expect(signingKid()).toBe(second.key.kid);
    watcher.onModuleDestroy();
  });

  it('in step with its provider, asked once a minute', async () => {
    const { watcher, load, pass, signingKid, second } = await open();
    await pass(59 * SECOND);
    expect(load).toHaveBeenCalledTimes(1);
    load.mockResolvedValue(new KeySchedule([second]));
    await pass(2 * SECOND);
    expect(load).toHaveBeenCalledTimes(2);
    expect(signingKid()).toBe(second.key.kid);
    await pass(59 * SECOND);
    expect(load).toHaveBeenCalledTimes(2);
    watcher.onModuleDestroy();
  });

  it('as it is while the provider fails, and asked for again', async () => {
    const { watcher, load, pass, signingKid, second } = await open();
    await pass(11 * SECOND);
    load.mockRejectedValueOnce(new Error('away'));
    await pass(MINUTE);
    expect(load).toHaveBeenCalledTimes(2);
    expect(signingKid()).toBe(second.key.kid);
    await pass(MINUTE);
    expect(load).toHaveBeenCalledTimes(3);
    watcher.onModuleDestroy();
  });

  it('no longer than the application, also where that ends while the provider is asked', async () => {
    const { watcher, load, pass } = await open();
    let answer: (schedule: KeySchedule) => void = () => {};
    load.mockReturnValue(new Promise((resolve) => (answer = resolve)));
    await pass(MINUTE + SECOND);
    expect(load).toHaveBeenCalledTimes(2);
    watcher.onModuleDestroy();
    answer(new KeySchedule([]));
    await pass(SECOND);
    expect(jest.getTimerCount()).toBe(0);
  });
});

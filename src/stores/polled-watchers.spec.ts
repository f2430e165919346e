import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { PolledWatchers } from './polled-watchers.js';

describe('PolledWatchers', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  it('looks only while somebody watches and it may', () => {
    let looks = 0;
    const watchers = new PolledWatchers(200, () => looks++);
    const endFirst = watchers.add(() => undefined);
    expect(jest.getTimerCount()).toBe(0);
    watchers.mayLook(true);
    const endSecond = watchers.add(() => undefined);
    expect(jest.getTimerCount()).toBe(1);
    jest.advanceTimersByTime(1000);
    expect(looks).toBe(5);
    endFirst();
    expect(jest.getTimerCount()).toBe(1);
    endSecond();
    expect(jest.getTimerCount()).toBe(0);
    watchers.add(() => undefined);
    watchers.mayLook(false);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('keeps no process alive', () => {
    jest.useRealTimers();
    const idle = process.getActiveResourcesInfo().length;
    const watchers = new PolledWatchers(200, () => undefined);
    watchers.mayLook(true);
    const end = watchers.add(() => undefined);
    // Only what keeps the event loop going is listed.
    expect(process.getActiveResourcesInfo()).toHaveLength(idle);
    end();
  });
});

import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { CallsInTurn } from './calls-in-turn.js';

describe('CallsInTurn', () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  it('runs one call at a time and hands on what each answers', async () => {
    const calls = new CallsInTurn();
    const running: string[] = [];
    const call = (name: string) =>
      calls.run(async () => {
        running.push(`${name} begins`);
        await Promise.resolve();
        running.push(`${name} ends`);
        return name;
      });
    expect(await Promise.all([call('a'), call('b')])).toEqual(['a', 'b']);
    expect(running).toEqual(['a begins', 'a ends', 'b begins', 'b ends']);
    await expect(calls.run(() => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
    expect(await call('c')).toBe('c');
    expect(jest.getTimerCount()).toBe(0);
  });

  it('begins no other call while one hangs, and goes on once that one has ended', async () => {
    const calls = new CallsInTurn();
    let answer: () => void = () => {};
    const begun = jest.fn(async () => 'in time');
    const hanging = calls
      .run(() => new Promise<void>((resolve) => (answer = resolve)))
      .catch((error: unknown) => error);
    await jest.advanceTimersByTimeAsync(2000);
    expect(await hanging).toEqual(new Error('cannot be read: its file system does not answer'));
    for (let look = 0; look < 100; look++) await expect(calls.run(begun)).rejects.toThrow('does not answer');
    expect(begun).not.toHaveBeenCalled();
    answer();
    await jest.advanceTimersByTimeAsync(0);
    expect(await calls.run(begun)).toBe('in time');
  });
});

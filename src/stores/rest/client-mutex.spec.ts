import { describe, expect, it } from '@jest/globals';
import { StoreUnavailableError } from '../../errors.js';
import { ClientMutex } from './client-mutex.js';

describe('ClientMutex', () => {
  it('runs the tasks of a client one after the other, also after a failure', async () => {
    const mutex = new ClientMutex(1);
    const order: string[] = [];
    const task = (name: string) => async () => {
      order.push(`${name} in`);
      await new Promise(setImmediate);
      order.push(`${name} out`);
      if (name === 'a') throw new Error('failed');
      return name;
    };
    const results = await Promise.allSettled([mutex.run('c', task('a')), mutex.run('c', task('b'))]);
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
    expect(order).toEqual(['a in', 'a out', 'b in', 'b out']);
  });

  it('lets clients run side by side', async () => {
    const mutex = new ClientMutex(1);
    const blocked = mutex.run('a', () => new Promise<void>((resolve) => setTimeout(resolve, 50)));
    await expect(mutex.run('b', async () => 'b')).resolves.toBe('b');
    await blocked;
  });

  it('gives up waiting in time, and does not run the task later', async () => {
    const mutex = new ClientMutex(0.02);
    let hasRun = false;
    let finish = (): void => undefined;
    const slow = mutex.run('c', () => new Promise<void>((resolve) => (finish = resolve)));
    const late = mutex.run('c', async () => {
      hasRun = true;
    });
    await expect(late).rejects.toThrow(StoreUnavailableError);
    finish();
    await slow;
    await expect(mutex.run('c', async () => 'next')).resolves.toBe('next');
    expect(hasRun).toBe(false);
  });
});

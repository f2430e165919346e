import { describe, expect, it } from '@jest/globals';
import '../../test/support/silent-logger.js';
import { StoreUnavailableError } from '../errors.js';
import { BackendPolicy } from './backend-policy.js';

const FAILURES_UNTIL_LEFT_ALONE = 5;
const LEFT_ALONE = 'left alone for a moment';

/** @param error what each call fails with */
async function failOften(call: (work: () => Promise<never>) => Promise<never>, error: Error): Promise<void> {
  for (let n = 0; n < FAILURES_UNTIL_LEFT_ALONE; n++) {
    await expect(call(() => Promise.reject(error))).rejects.toThrow(StoreUnavailableError);
  }
}

describe('BackendPolicy', () => {
  it('goes on reading a backend whose writes fail', async () => {
    const policy = new BackendPolicy({ timeout: 1 });
    await failOften((work) => policy.write(work), new Error('read-only'));
    await expect(policy.write(async () => 1)).rejects.toThrow(LEFT_ALONE);
    await expect(policy.read(async () => 1)).resolves.toBe(1);
  });

  it('goes on writing to a backend whose reads fail', async () => {
    const policy = new BackendPolicy({ timeout: 1 });
    await failOften((work) => policy.read(work), new Error('cut'));
    await expect(policy.read(async () => 1)).rejects.toThrow(LEFT_ALONE);
    await expect(policy.write(async () => 1)).resolves.toBe(1);
  });

  it('leaves no backend alone that refuses what it is asked, and asks it once', async () => {
    const policy = new BackendPolicy({ timeout: 1 });
    const refusal = new StoreUnavailableError('It answered no.', 1, { answered: true });
    await failOften((work) => policy.write(work), refusal);
    await failOften((work) => policy.read(work), refusal);
    await expect(policy.write(async () => 1)).resolves.toBe(1);
    let asked = 0;
    const read = policy.read(() => {
      asked++;
      return Promise.reject(refusal);
    });
    await expect(read).rejects.toBe(refusal);
    expect(asked).toBe(1);
  });

  it('tries a read three times, and a write once', async () => {
    const policy = new BackendPolicy({ timeout: 2 });
    let tries = 0;
    const call = (): Promise<never> => {
      tries++;
      return Promise.reject(new Error('cut'));
    };
    await expect(policy.read(call)).rejects.toThrow(StoreUnavailableError);
    expect(tries).toBe(3);
    await expect(policy.write(call)).rejects.toThrow(StoreUnavailableError);
    expect(tries).toBe(4);
  });

  it('answers what a later try of a read answers', async () => {
    const policy = new BackendPolicy({ timeout: 2 });
    let tries = 0;
    const call = async (): Promise<number> => {
      if (++tries < 3) throw new Error('cut');
      return tries;
    };
    await expect(policy.read(call)).resolves.toBe(3);
  });

  it('tells a call until when its caller waits', async () => {
    const policy = new BackendPolicy({ timeout: 0.5 });
    const start = performance.now();
    const deadline = await policy.write(async (limit) => limit.deadline);
    expect(deadline).toBeGreaterThan(start + 450);
    expect(deadline).toBeLessThan(performance.now() + 500);
  });

  it('sends nothing whose operation has used up its time, and leaves nobody alone for it', async () => {
    const policy = new BackendPolicy({ timeout: 1 });
    let sent = 0;
    const call = async (): Promise<number> => ++sent;
    for (let n = 0; n <= FAILURES_UNTIL_LEFT_ALONE; n++) {
      await expect(policy.write(call, performance.now())).rejects.toThrow(/time limit/);
      await expect(policy.read(call, performance.now() - 1)).rejects.toThrow(/time limit/);
    }
    expect(sent).toBe(0);
    await expect(policy.read(call, performance.now() + 500)).resolves.toBe(1);
  });

  it('leaves no backend alone for calls that waited here for most of their time', async () => {
    const policy = new BackendPolicy({ timeout: 1 });
    const slow = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 700));
    const answers = await Promise.allSettled(Array.from({ length: 150 }, () => policy.read(slow)));
    expect(answers.filter(({ status }) => status === 'rejected')).toHaveLength(50);
    await expect(policy.read(async () => 1)).resolves.toBe(1);
  });

  it('ends a call in time that does not look at its limit, and counts it as failed', async () => {
    const policy = new BackendPolicy({ timeout: 0.05 });
    const never = () => new Promise<never>(() => undefined);
    for (let n = 0; n < FAILURES_UNTIL_LEFT_ALONE; n++) {
      await expect(policy.write(never)).rejects.toThrow('did not answer within the time limit');
    }
    await expect(policy.write(async () => 1)).rejects.toThrow(LEFT_ALONE);
  });
});

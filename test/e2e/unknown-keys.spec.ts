import { afterEach, describe, expect, it } from '@jest/globals';
import { MemoryTokenStore } from '../../src/stores/memory/memory.store.js';
import { ADAPTERS, startApp, type TestApp } from '../support/app.js';
import { RoutesController } from '../support/routes.controller.js';
import { base64url } from '../support/token-forgery.js';

const key = (n: number, status: 'signing' | 'verify-only') => ({
  kid: `k${n}`,
  secret: `secret number ${n} of the tests, thirty-two bytes and more`,
  status,
});
const madeUp = (kid: string): string =>
  `${base64url({ alg: 'HS256', kid })}.${base64url({})}.${base64url('not a signature')}`;

describe.each(ADAPTERS)('keys that are unknown, on %s', (adapter) => {
  let apps: TestApp[] = [];
  afterEach(async () => {
    for (const app of apps) await app.close();
    apps = [];
  });

  /** Two processes, of which the second starts when the keys have been rotated in the vault. */
  async function vault() {
    let keys = [key(1, 'signing')];
    let asked = 0;
    const store = new MemoryTokenStore();
    const waiting: (() => void)[] = [];
    let isSlow = false;
    const keyProvider = {
      load: async () => {
        asked++;
        const answer = keys;
        if (isSlow) await new Promise<void>((resolve) => waiting.push(resolve));
        return answer;
      },
    };
    const start = async () => {
      const app = await startApp({
        adapter,
        controllers: [RoutesController],
        fastauth: { cryptographyKey: undefined, keyProvider, store, sessionsPerClient: 100 },
      });
      apps.push(app);
      return app;
    };
    const older = await start();
    const atStart = asked;
    return {
      older,
      rotate: async () => {
        keys = [key(1, 'verify-only'), key(2, 'signing')];
        const newer = await start();
        asked = atStart;
        return (await newer.issue('c')).access_token;
      },
      get asked() {
        return asked - atStart;
      },
      slow: () => (isSlow = true),
      answerAll: async () => {
        isSlow = false;
        while (waiting.length > 0) waiting.shift()?.();
      },
      waiting,
    };
  }
  const statusOf = async (app: TestApp, token: string): Promise<number> =>
    (await app.get('/whoami', { 'ACCESS-TOKEN': token })).status;

  it('do not keep a real new key out: one that was made up before has used up nothing', async () => {
    const { older, rotate } = await vault();
    for (let n = 0; n < 50; n++) expect(await statusOf(older, madeUp('made-up'))).toBe(401);
    expect(await statusOf(older, await rotate())).toBe(200);
  });

  it('have the keys read again a bounded number of times, and the real one is found 5 seconds later', async () => {
    const made = await vault();
    const token = await made.rotate();
    for (let n = 0; n < 50; n++) await statusOf(made.older, madeUp(`made-up-${n}`));
    expect(made.asked).toBe(4);
    // The first of them brought the new key along.
    expect(await statusOf(made.older, token)).toBe(200);

    const other = await vault();
    for (let n = 0; n < 50; n++) await statusOf(other.older, madeUp(`made-up-${n}`));
    const late = await other.rotate();
    expect(await statusOf(other.older, late)).toBe(401);
    other.older.clock.advance(5);
    expect(await statusOf(other.older, late)).toBe(200);
  });

  it('are read once more for a key that came while they were being read', async () => {
    const made = await vault();
    made.slow();
    const stranger = statusOf(made.older, madeUp('made-up'));
    while (made.waiting.length === 0) await new Promise(setImmediate);
    const release = made.waiting.splice(0);
    // Rotated after that reading had begun.
    await made.answerAll();
    const token = await made.rotate();
    const real = statusOf(made.older, token);
    await new Promise((resolve) => setTimeout(resolve, 50));
    for (const answer of release) answer();
    expect(await stranger).toBe(401);
    expect(await real).toBe(200);
  });
});

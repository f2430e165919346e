import { setTimeout as sleep } from 'node:timers/promises';
import type { SessionKey } from '../../src/sessions/session-record.js';
import type { TokenStore } from '../../src/sessions/token-store.js';
import { Stopwatch } from './stopwatch.js';

const PATIENCE_MS = 10_000;

/** Whether the store answers this session from memory. */
export function isKept(store: TokenStore, key: SessionKey): boolean {
  const found = store.find(key);
  if (!(found instanceof Promise)) return true;
  found.catch(() => undefined);
  return false;
}

/** Reads until all of these sessions are answered from memory, and no read is under way. */
export async function untilKept(store: TokenStore, ...keys: readonly SessionKey[]): Promise<void> {
  await until(async () => {
    const found = keys.map((key) => store.find(key));
    await Promise.allSettled(found);
    return !found.some((answer) => answer instanceof Promise);
  }, 'The sessions were not kept');
}

/** Milliseconds, by a stopwatch, until the store finds the session no more, or finds it revoked. */
export async function refusedAfter(store: TokenStore, key: SessionKey): Promise<number> {
  return until(async () => {
    const found = await Promise.resolve(store.find(key)).catch(() => null);
    return found !== null && (found === undefined || found.revokedAt !== undefined);
  }, 'The session is still accepted');
}

/** @returns how many milliseconds it took, by a stopwatch */
export async function untilReachable(store: TokenStore): Promise<number> {
  return until(
    () =>
      store.ping().then(
        () => true,
        () => false,
      ),
    'The store is out of reach',
  );
}

/**
 * Asks again and again, for what other processes do tells nobody here.
 * @returns how many milliseconds it took, by a stopwatch
 */
export async function until(
  condition: () => boolean | Promise<boolean>,
  complaint: string,
  patience = PATIENCE_MS,
): Promise<number> {
  const [start, watch] = [performance.now(), new Stopwatch()];
  while (!(await condition())) {
    if (performance.now() - start > patience) throw new Error(`${complaint} after ${patience} ms`);
    await sleep(2);
  }
  return watch.ms;
}

import { afterAll } from '@jest/globals';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

/** How long the sleeper sleeps, and from where on it counts as kept waiting. An idle machine wakes it within 1 ms. */
const [SLEEP_MS, STALL_MS] = [5, 5];

/** Nanoseconds: those that the sleeper was kept waiting, and the time at which it last woke. */
const shared = new BigInt64Array(new SharedArrayBuffer(16));
const sleeper = new Worker(
  `const { parentPort, workerData } = require('node:worker_threads');
  const bell = new Int32Array(new SharedArrayBuffer(4));
  parentPort.postMessage('awake');
  for (let since = process.hrtime.bigint(); ; ) {
    Atomics.store(workerData, 1, since);
    Atomics.wait(bell, 0, 0, ${SLEEP_MS});
    const now = process.hrtime.bigint();
    const late = now - since - ${SLEEP_MS * 1e6}n;
    if (late > ${STALL_MS * 1e6}n) Atomics.add(workerData, 0, late);
    since = now;
  }`,
  { eval: true, workerData: shared },
);
await once(sleeper, 'message');
afterAll(async () => void (await sleeper.terminate()));

/** Milliseconds that this machine kept the sleeper waiting so far, a wait that is not over included. */
function stalledMs(): number {
  const late = process.hrtime.bigint() - Atomics.load(shared, 1) - BigInt(SLEEP_MS * 1e6);
  const waiting = late > BigInt(STALL_MS * 1e6) ? late : 0n;
  return Number(Atomics.load(shared, 0) + waiting) / 1e6;
}

/**
 * Measures against the machine that it runs on: a thread that only sleeps tells how long other work keeps whoever
 * wants to run from it. On an idle machine this is the time of the clock, for what blocks the thread of the spec, too:
 * the sleeper is another one.
 */
export class Stopwatch {
  readonly #start = performance.now();
  readonly #stalled = stalledMs();

  /** Milliseconds since it was made, without those in which the machine let nobody run. */
  get ms(): number {
    return performance.now() - this.#start - (stalledMs() - this.#stalled);
  }
}

import { writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { createTokenStore } from '../../src/stores/open-store.js';
import { rotatedSample, sessionSample } from '../../src/testing/session-sample.js';
import { Clock } from '../../src/tokens/clock.js';
import type { SessionRecord } from '../../src/tokens/session-record.js';
import type { FastauthConfig } from '../../src/config/fastauth-config.js';
import type { StoreCall } from './store-process.js';
import { testConfig } from './test-config.js';
import { createTokenService } from './token-service.js';

/**
 * A process of its own on the store of a test. Arguments: what to do, the store's `database-url`, and further keys of
 * the configuration as JSON.
 */
const [, , task, databaseUrl = '', settings = '{}'] = process.argv;
const config = testConfig({ databaseUrl, ...(JSON.parse(settings) as Partial<FastauthConfig>) });
const store = await createTokenStore(config);

/** Synchronous, so that what was acknowledged is out before a signal can come. */
function say(message: unknown): void {
  writeSync(1, `${JSON.stringify(message)}\n`);
}

/** Inserts, refreshes and revokes without end, and says each record once its write is acknowledged. */
async function writeForEver(): Promise<void> {
  const worker = async (): Promise<void> => {
    for (;;) {
      let { record, pair } = sessionSample();
      await store.insert(record, pair, 1);
      say(record);
      for (let generation = 1; generation <= 3; generation++) {
        ({ record, pair } = rotatedSample(record));
        if (!(await store.rotate(record, pair))) throw new Error('lost a rotation without a rival');
        say(record);
      }
      await store.revoke(record, record.createdAt + 1);
      say({ ...record, revokedAt: record.createdAt + 1 });
    }
  };
  await Promise.all(Array.from({ length: 8 }, worker));
}

/** For each `{ record, at }` on stdin: refreshes the record at that time, and says the hash it wrote, or false. */
async function race(): Promise<void> {
  const rotations: Promise<void>[] = [];
  for await (const line of createInterface({ input: process.stdin })) {
    const { record, at } = JSON.parse(line) as { record: SessionRecord; at: number };
    const next = rotatedSample(record);
    await sleep(Math.max(0, at - Date.now() - 2));
    while (Date.now() < at);
    rotations.push(store.rotate(next.record, next.pair).then((won) => say(won && next.record.refreshHash)));
  }
  await Promise.all(rotations);
}

/** Revokes each session on stdin, and says when that is acknowledged. */
async function revoke(): Promise<void> {
  for await (const line of createInterface({ input: process.stdin })) {
    const record = JSON.parse(line) as SessionRecord;
    say(await store.revoke(record, record.createdAt + 1));
  }
}

/** Inserts until the disk is full, and says what happened from then on. */
async function fill(): Promise<void> {
  // The kernel's signal at the file size limit would end the process before the write could fail.
  process.on('SIGXFSZ', () => undefined);
  process.on('unhandledRejection', (error) => say({ unhandled: String(error) }));
  const written: SessionRecord[] = [];
  for (;;) {
    const { record, pair } = sessionSample();
    try {
      await store.insert(record, pair, 1);
      written.push(record);
    } catch (error) {
      say({ failed: (error as Error).name, written: written.length });
      break;
    }
  }
  let lost = 0;
  for (const record of written) {
    if ((await store.find(record))?.refreshHash !== record.refreshHash) lost++;
  }
  await sleep(50);
  say({ lost });
}

/** The system's clock, or one that goes wrong by as much as the test says. */
class SkewedClock extends Clock {
  private skew = 0;

  now(): number {
    return Date.now() + this.skew;
  }

  /** @param seconds how far it is ahead */
  set(seconds: number): void {
    this.skew = seconds * 1000;
  }
}

/** Makes each call on stdin, at its time, all of them side by side, and says what came of it. See `StoreProcess`. */
async function serve(): Promise<void> {
  const clock = new SkewedClock();
  const { service: tokens } = createTokenService(config, store, clock);
  const targets: Readonly<Record<string, object>> = { store, tokens, clock };
  const answers: Promise<void>[] = [];
  for await (const line of createInterface({ input: process.stdin })) {
    const { id, target, method, args, at } = JSON.parse(line) as StoreCall;
    if (at !== undefined) {
      await sleep(Math.max(0, at - Date.now() - 2));
      while (Date.now() < at);
    }
    const owner = targets[target] as Record<string, (...args: unknown[]) => unknown>;
    const answer = (async () => owner[method]?.(...args))().then(
      (value) => say({ id, value }),
      (error: Error) => say({ id, error: { name: error.name, message: error.message } }),
    );
    answers.push(answer);
  }
  await Promise.all(answers);
}

const tasks: Readonly<Record<string, () => Promise<void>>> = { writeForEver, race, revoke, fill, serve };
const run = tasks[task ?? ''];
if (!run) throw new Error(`There is no task "${task}"`);
await store.open();
say('open');
await run();
await store.close();

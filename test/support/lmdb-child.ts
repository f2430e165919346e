import { writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { LmdbTokenStore } from '../../src/stores/lmdb.store.js';
import { rotatedSample, sessionSample } from '../../src/testing/session-sample.js';
import type { SessionRecord } from '../../src/tokens/session-record.js';

/** A process of its own that shares an LMDB folder with a test. Arguments: what to do, and the folder. */
const [, , task, folder = ''] = process.argv;
const store = new LmdbTokenStore({ folder });

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
  const lost = written.filter((record) => store.find(record)?.refreshHash !== record.refreshHash);
  await sleep(50);
  say({ lost: lost.length });
}

const tasks: Readonly<Record<string, () => Promise<void>>> = { writeForEver, race, revoke, fill };
const run = tasks[task ?? ''];
if (!run) throw new Error(`There is no task "${task}"`);
await store.open();
say('open');
await run();
await store.close();

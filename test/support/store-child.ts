import { writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { createTokenStore } from '../../src/stores/open-store.js';
import { rotatedSample, sessionSample } from '../../src/testing/session-sample.js';
import type { SessionRecord } from '../../src/tokens/session-record.js';
import { testConfig } from './test-config.js';

/** A process of its own on the store of a test. Arguments: what to do, and the store's `database-url`. */
const [, , task, databaseUrl = ''] = process.argv;
// What is written to the output is read as an answer.
Logger.overrideLogger(false);
const store = await createTokenStore(testConfig({ databaseUrl }));

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

const tasks: Readonly<Record<string, () => Promise<void>>> = { writeForEver, fill };
const run = tasks[task ?? ''];
if (!run) throw new Error(`There is no task "${task}"`);
await store.open();
say('open');
await run();
await store.close();

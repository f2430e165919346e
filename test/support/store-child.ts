import { mkdirSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { StoreUnavailableError } from '../../src/errors.js';
import type { SessionRecord } from '../../src/sessions/session-record.js';
import { rotatedSample, sessionSample } from '../../src/store-contract/session-sample.js';
import { createTokenStore } from '../../src/stores/open-store.js';
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

/** Inserts until the disk is full, says what happened from then on, and revokes some of what it wrote. */
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
  let revoked = 0;
  for (const record of written.slice(0, 50)) if (await store.revoke(record, record.createdAt + 1)) revoked++;
  await sleep(50);
  say({ lost, revoked });
}

/** What may happen to a page of a file on its disk. */
const DAMAGES: readonly ((page: Buffer) => void)[] = [
  (page) => page.fill(0),
  (page) => page.fill(0xa5),
  (page) => page.fill(0xa5, 0, 24),
  (page) => page.fill(0xa5, 24, 88),
];
const PAGE_BYTES = 4096;

/** Damages one page of the store's file at a time, uses what is left, and says how often it went how. */
async function damage(): Promise<void> {
  const records: SessionRecord[] = [];
  for (let n = 0; n < 100; n++) {
    const { record, pair } = sessionSample();
    const long = { ...record, claims: JSON.stringify('x'.repeat(n % 4 === 0 ? 5000 : 10)) };
    await store.insert(long, pair, 1);
    records.push(long);
  }
  await store.close();
  const folder = databaseUrl.slice('lmdb:'.length);
  const sound = readFileSync(`${folder}/data.mdb`);
  const counts: Record<string, number> = {};
  for (let page = 0; page < sound.length / PAGE_BYTES; page++) {
    for (const damageOf of DAMAGES) {
      const copy = `${folder}-copy`;
      rmSync(copy, { recursive: true, force: true });
      mkdirSync(copy);
      const bytes = Buffer.from(sound);
      damageOf(bytes.subarray(page * PAGE_BYTES, (page + 1) * PAGE_BYTES));
      writeFileSync(`${copy}/data.mdb`, bytes);
      const outcome = await outcomeOf(copy, records);
      const isKept = readFileSync(`${copy}/data.mdb`).equals(bytes);
      const name = outcome === 'refused' && !isKept ? 'refused and changed' : outcome;
      counts[name] = (counts[name] ?? 0) + 1;
    }
  }
  say(counts);
}

async function outcomeOf(folder: string, records: readonly SessionRecord[]): Promise<string> {
  const damaged = await createTokenStore(testConfig({ databaseUrl: `lmdb:${folder}` }));
  try {
    await damaged.open();
  } catch (error) {
    return error instanceof StoreUnavailableError ? 'refused' : String(error);
  }
  const outcomes = new Set<string>();
  for (const record of records) {
    try {
      outcomes.add((await damaged.find(record)) === undefined ? 'lost' : 'read');
    } catch (error) {
      outcomes.add(error instanceof StoreUnavailableError ? 'in part' : String(error));
    }
  }
  const { record, pair } = sessionSample();
  await damaged.insert(record, pair, 1);
  await damaged.close();
  return ['lost', 'in part', 'read'].find((name) => outcomes.has(name)) ?? [...outcomes].join();
}

/** Says which process has it open, or why it cannot be; until its input ends. */
async function keepOpen(): Promise<void> {
  try {
    await store.open();
  } catch (error) {
    say({ refused: (error as Error).message });
    return;
  }
  say({ opened: process.pid });
  await new Promise((resolve) => process.stdin.on('end', resolve).resume());
  await store.close();
}

const tasks: Readonly<Record<string, () => Promise<void>>> = { writeForEver, fill, damage, keepOpen };
const run = tasks[task ?? ''];
if (!run) throw new Error(`There is no task "${task}"`);
if (run === keepOpen) {
  await run();
} else {
  await store.open();
  say('open');
  await run();
  await store.close();
}

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { sessionSample } from 'nestjs-fastauth/store-contract';
import { StoreUnavailableError } from '../../src/errors.js';
import type { SessionRecord } from '../../src/sessions/session-record.js';
import { LmdbTokenStore } from '../../src/stores/lmdb/lmdb.store.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';
import { Stopwatch } from '../support/stopwatch.js';

afterAll(removeTemporaryFolders);

const SESSIONS = 2000;
/** Milliseconds. */
const REOPENS_WITHIN = 1000;
const MANY_SESSIONS = 100_000;
/** Each session that waits for its write takes some kilobytes. */
const AT_ONCE = 1000;

async function filled(folder: string, sessions: number): Promise<readonly SessionRecord[]> {
  const store = new LmdbTokenStore({ folder, timeout: 60 });
  await store.open();
  const records: SessionRecord[] = [];
  while (records.length < sessions) {
    const samples = Array.from({ length: AT_ONCE }, () => sessionSample());
    await Promise.all(samples.map(({ record, pair }) => store.insert(record, pair, 1)));
    records.push(...samples.map(({ record }) => record));
  }
  await store.close();
  return records;
}

describe('a data file', () => {
  let sound: Buffer;
  beforeAll(async () => {
    const folder = join(temporaryFolder(), 'store');
    await filled(folder, SESSIONS);
    sound = readFileSync(join(folder, 'data.mdb'));
  });

  const DAMAGES: readonly [string, (bytes: Buffer) => Buffer, RegExp][] = [
    ['whose tail is torn', (bytes) => bytes.subarray(0, bytes.length - 100), /it was cut short/],
    ['cut after its first page', (bytes) => bytes.subarray(0, 4096), /its start is damaged/],
    ['cut within its first page', (bytes) => bytes.subarray(0, 100), /it is not a database/],
    ['whose start is zeros', (bytes) => Buffer.from(bytes).fill(0, 0, 4096), /it is not a database/],
  ];
  it.each(DAMAGES)('%s is refused with a sentence, and left as it is', async (_name, damage, reason) => {
    const folder = temporaryFolder();
    const file = join(folder, 'data.mdb');
    const damaged = damage(sound);
    writeFileSync(file, damaged);
    const opening = new LmdbTokenStore({ folder }).open();
    await expect(opening).rejects.toThrow(StoreUnavailableError);
    await expect(opening).rejects.toThrow(reason);
    await expect(opening).rejects.toThrow(/Nothing was changed\. Move the folder away/);
    expect(readFileSync(file).equals(damaged)).toBe(true);
  });
});

it(`with ${MANY_SESSIONS} sessions opens again within ${REOPENS_WITHIN} ms`, async () => {
  const folder = join(temporaryFolder(), 'store');
  const records = await filled(folder, MANY_SESSIONS);
  const start = new Stopwatch();
  const store = new LmdbTokenStore({ folder });
  await store.open();
  const first = store.find(records[0] as SessionRecord);
  const last = store.find(records.at(-1) as SessionRecord);
  expect(start.ms).toBeLessThan(REOPENS_WITHIN);
  expect([first, last]).toEqual([records[0], records.at(-1)]);
  await store.close();
}, 60_000);

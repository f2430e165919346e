import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { sessionSample } from 'nestjs-fastauth/store-contract';
import { StoreUnavailableError } from '../../src/errors.js';
import { LmdbTokenStore } from '../../src/stores/lmdb/lmdb.store.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';

afterAll(removeTemporaryFolders);

const SESSIONS = 2000;
/** Milliseconds. */
const REOPENS_WITHIN = 1000;
const MANY_SESSIONS = 100_000;

async function filled(
  folder: string,
  sessions: number,
): Promise<ReturnType<typeof sessionSample>['record'][]> {
  // All at once, so the last ones wait for all others.
  const store = new LmdbTokenStore({ folder, timeout: 60 });
  await store.open();
  const samples = Array.from({ length: sessions }, () => sessionSample());
  await Promise.all(samples.map(({ record, pair }) => store.insert(record, pair, 1)));
  await store.close();
  return samples.map(({ record }) => record);
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
  const start = performance.now();
  const store = new LmdbTokenStore({ folder });
  await store.open();
  const first = store.find(records[0] as (typeof records)[0]);
  const last = store.find(records.at(-1) as (typeof records)[0]);
  expect(performance.now() - start).toBeLessThan(REOPENS_WITHIN);
  expect([first, last]).toEqual([records[0], records.at(-1)]);
  await store.close();
}, 60_000);

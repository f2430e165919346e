import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SessionRecord } from '../../src/sessions/session-record.js';
import { LmdbTokenStore } from '../../src/stores/lmdb/lmdb.store.js';
import { JsonChild } from '../support/child-process.js';
import { compile, type CompiledFiles } from '../support/compile.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';

const ROUNDS = 12;
let compiled: CompiledFiles;

beforeAll(async () => {
  compiled = await compile('test/support/store-child.ts');
});

afterAll(() => {
  compiled.remove();
  removeTemporaryFolders();
});

it('loses no acknowledged write to SIGKILL', async () => {
  const folder = join(temporaryFolder(), 'store');
  const acknowledged = new Map<string, SessionRecord>();
  for (let round = 0; round < ROUNDS; round++) {
    const child = new JsonChild(process.execPath, [compiled.entry, 'writeForEver', `lmdb:${folder}`]);
    expect(await child.next()).toBe('open');
    const killed = sleep(5 + Math.random() * 150).then(() => child.kill());
    for (let record; (record = await child.next<SessionRecord>());) acknowledged.set(record.familyId, record);
    await killed;

    const store = new LmdbTokenStore({ folder });
    await store.open();
    for (const record of acknowledged.values()) expectKept(store.find(record), record);
    await store.close();
  }
  expect(acknowledged.size).toBeGreaterThan(ROUNDS);
}, 60_000);

/** The write after the last acknowledged one may have come through as well; nothing older may. */
function expectKept(found: SessionRecord | undefined, acknowledged: SessionRecord): void {
  if (!found) throw new Error('an acknowledged session is lost');
  expect(found.generation - acknowledged.generation).toBeGreaterThanOrEqual(0);
  expect(found.generation - acknowledged.generation).toBeLessThanOrEqual(1);
  const expected = found.generation > acknowledged.generation ? found.previousRefreshHash : found.refreshHash;
  expect(expected).toBe(acknowledged.refreshHash);
  if (acknowledged.revokedAt !== undefined) expect(found.revokedAt).toBe(acknowledged.revokedAt);
}

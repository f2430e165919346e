import { afterAll, describe, expect, it } from '@jest/globals';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { rotatedSample, sessionSample, StoreProcess } from 'nestjs-fastauth/store-contract';
import { LmdbTokenStore } from '../../src/stores/lmdb/lmdb.store.js';
import { JsonChild } from '../support/child-process.js';
import { compile } from '../support/compile.js';
import { describeParallelRefreshes } from '../support/parallel-refreshes.js';
import { processOn } from '../support/store-processes.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';
import { Stopwatch } from '../support/stopwatch.js';

const processes: StoreProcess[] = [];

afterAll(async () => {
  await Promise.all(processes.map((process) => process.kill()));
  removeTemporaryFolders();
});

async function openStore(): Promise<{ store: LmdbTokenStore; folder: string }> {
  const folder = join(temporaryFolder(), 'store');
  const store = new LmdbTokenStore({ folder });
  await store.open();
  return { store, folder };
}

async function start(folder: string): Promise<StoreProcess> {
  const started = await StoreProcess.start(processOn(`lmdb:${folder}`));
  processes.push(started);
  return started;
}

describe('several processes on one LMDB folder', () => {
  it('rotate one session in the same instant: exactly one wins, 1000 times', async () => {
    const { store, folder } = await openStore();
    const samples = Array.from({ length: 1000 }, () => sessionSample());
    await Promise.all(samples.map(({ record, pair }) => store.insert(record, pair, 1)));
    const rivals = await Promise.all([start(folder), start(folder)]);
    const begin = Date.now() + 200;
    const wins = [0, 0];
    const won = new Set<unknown>();
    await Promise.all(
      samples.flatMap(({ record }, index) =>
        rivals.map(async (rival, n) => {
          const next = rotatedSample(record);
          if (!(await rival.store('rotate', [next.record, next.pair], begin + 4 * index))) return;
          won.add(next.record.refreshHash);
          wins[n] = (wins[n] ?? 0) + 1;
        }),
      ),
    );
    expect(won.size).toBe(samples.length);
    expect((wins[0] ?? 0) + (wins[1] ?? 0)).toBe(samples.length);
    for (const { record } of samples) expect(won.has(store.find(record)?.refreshHash)).toBe(true);
    // The race was one: neither came first every time.
    expect(Math.min(...wins)).toBeGreaterThan(0);
    await store.close();
  }, 40_000);

  it('see an acknowledged revocation with the next read', async () => {
    const { store, folder } = await openStore();
    const other = await start(folder);
    const reader = new AbortController();
    const { record: hot, pair } = sessionSample();
    await store.insert(hot, pair, 1);
    // Keeps a snapshot in use all the time, as a busy server does.
    const reading = (async () => {
      while (!reader.signal.aborted) {
        store.find(hot);
        await new Promise(setImmediate);
      }
    })();
    for (let round = 0; round < 200; round++) {
      const { record, pair } = sessionSample();
      await store.insert(record, pair, 1);
      expect(store.find(record)?.revokedAt).toBeUndefined();
      expect(await other.store('revoke', [record, record.createdAt + 1])).toBe(true);
      expect(store.find(record)?.revokedAt).toBe(record.createdAt + 1);
    }
    reader.abort();
    await reading;
    await other.stop();
    await store.close();
  }, 30_000);
});

describe('a watcher of one LMDB folder', () => {
  const BOUND_MS = 500;

  it('hears what another process changes, within 500 ms', async () => {
    const { store, folder } = await openStore();
    const other = await start(folder);
    const delays: number[] = [];
    for (let round = 0; round < 8; round++) {
      const { record, pair } = sessionSample();
      await store.insert(record, pair, 1);
      const heard = new Promise<void>((resolve) => {
        const end = store.watch((changed) => {
          if (changed?.familyId !== record.familyId) return;
          end();
          resolve();
        });
      });
      await sleep(37 * round);
      expect(await other.store('revoke', [record, record.createdAt + 1])).toBe(true);
      const sinceAcknowledged = new Stopwatch();
      await heard;
      delays.push(sinceAcknowledged.ms);
    }
    expect(Math.max(...delays)).toBeLessThan(BOUND_MS);
    await other.stop();
    await store.close();
  });

  it('is told that it missed changes when they are too many to tell', async () => {
    const { store, folder } = await openStore();
    // So many writes at once take longer than one may.
    const other = new LmdbTokenStore({ folder, timeout: 20 });
    await other.open();
    const { record, pair } = sessionSample();
    await store.insert(record, pair, 1);
    const heard: unknown[] = [];
    const end = store.watch((changed) => heard.push(changed));
    let current = record;
    for (let change = 0; change < 1500; change++) {
      const next = rotatedSample(current);
      // Not awaited one by one, so that they are all written between two looks.
      void other.rotate(next.record, next.pair);
      current = next.record;
    }
    const last = rotatedSample(current);
    expect(await other.rotate(last.record, last.pair)).toBe(true);
    await sleep(BOUND_MS);
    expect(heard).toContain(undefined);
    expect(heard.length).toBeLessThan(1100);
    end();
    await other.close();
    await store.close();
  });

  it('hears of its own changes once', async () => {
    const { store } = await openStore();
    const { record, pair } = sessionSample();
    await store.insert(record, pair, 1);
    const heard: unknown[] = [];
    const end = store.watch((changed) => heard.push(changed));
    await store.revoke(record, record.createdAt + 1);
    await sleep(BOUND_MS);
    expect(heard).toEqual([expect.objectContaining({ familyId: record.familyId })]);
    end();
    await store.close();
  });
});

// The shell's limit on file sizes stands for a full disk: both fail the write.
it('answers a full disk with unavailable, and loses nothing', async () => {
  const { store, folder } = await openStore();
  await store.close();
  const compiled = await compile('test/support/store-child.ts');
  const limited = 'ulimit -f 600; exec "$0" "$@"';
  const child = new JsonChild('sh', [
    '-c',
    limited,
    process.execPath,
    compiled.entry,
    'fill',
    `lmdb:${folder}`,
  ]);
  expect(await child.next()).toBe('open');
  const failure = await child.next<{ failed: string; written: number }>();
  expect(failure?.failed).toBe('StoreUnavailableError');
  expect(failure?.written).toBeGreaterThan(100);
  expect(await child.next()).toEqual({ lost: 0, revoked: 50 });
  await child.end();
  compiled.remove();
  await store.open();
  await store.ping();
  await store.close();
}, 40_000);

describeParallelRefreshes('LmdbTokenStore', () => `lmdb:${join(temporaryFolder(), 'store')}`);

import { afterAll, afterEach, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { join } from 'node:path';
import { rotatedSample, sessionSample, StoreProcess } from 'nestjs-fastauth/store-contract';
import { StoreUnavailableError } from '../../src/errors.js';
import { LmdbTokenStore } from '../../src/stores/lmdb/lmdb.store.js';
import { until } from '../support/kept-sessions.js';
import { StoppedWriter } from '../support/stopped-writer.js';
import { describeIf } from '../support/services.js';
import { processOn } from '../support/store-processes.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';
import '../support/silent-logger.js';
import { Stopwatch } from '../support/stopwatch.js';

const TIMEOUT = 0.3;
/** How much later than the limit an answer may come on a machine that is busy. */
const SLACK_MS = 300;
const CLIENTS = 40;

jest.setTimeout(30_000);
// Who holds the lock is known on Linux alone.
const describeOnLinux = describeIf(process.platform === 'linux', 'no Linux', false);

describeOnLinux('a process that is stopped while it holds the lock of the embedded store', () => {
  const holders: StoppedWriter[] = [];
  const stores: LmdbTokenStore[] = [];

  afterEach(async () => {
    for (const holder of holders.splice(0)) holder.kill();
    await Promise.all(stores.splice(0).map((store) => store.close()));
  });
  afterAll(removeTemporaryFolders);

  async function openStore(folder = join(temporaryFolder(), 'store')) {
    const store = new LmdbTokenStore({ folder, timeout: TIMEOUT });
    stores.push(store);
    await store.open();
    return { store, folder };
  }

  async function holdLock(folder: string): Promise<StoppedWriter> {
    const holder = await StoppedWriter.start(folder);
    holders.push(holder);
    return holder;
  }

  it('makes writes fail within store-timeout, and the next ones at once; reads go on', async () => {
    const { store, folder } = await openStore();
    const { record, pair } = sessionSample();
    await store.insert(record, pair, 1);
    const warn = jest.spyOn(Logger.prototype, 'warn').mockReturnValue();
    const { pid } = await holdLock(folder);
    const next = rotatedSample(record);
    const start = new Stopwatch();
    const calls = [
      store.insert(sessionSample().record, pair, 1),
      store.rotate(next.record, next.pair),
      store.label(record, 'phone'),
      store.revokeClient(record.clientId, record.createdAt),
      store.sweep(record.createdAt, 10),
    ];
    for (const call of calls) {
      await expect(call).rejects.toThrow(
        `process ${pid}, which is stopped, holds the lock of its folder. Try again later.`,
      );
    }
    expect(start.ms).toBeLessThan(TIMEOUT * 1000 + SLACK_MS);
    const again = new Stopwatch();
    await expect(store.revoke(record, record.createdAt)).rejects.toThrow(StoreUnavailableError);
    expect(again.ms).toBeLessThan(50);
    expect(warn.mock.calls.flat().join()).toContain(`process ${pid}, which is stopped`);
    warn.mockRestore();
    expect(store.find(record)).toEqual(record);
    expect(store.find(record, { fresh: true })).toMatchObject({ generation: 0 });
  });

  it('lets nothing take effect, when it goes on, that was answered 503', async () => {
    const { store, folder } = await openStore();
    const { record, pair } = sessionSample();
    await store.insert(record, pair, 1);
    const holder = await holdLock(folder);
    const next = rotatedSample(record);
    const late = sessionSample({ clientId: record.clientId });
    const calls = [
      store.rotate(next.record, next.pair),
      store.insert(late.record, late.pair, 1),
      store.revoke(record, record.createdAt),
    ];
    for (const call of calls) await expect(call).rejects.toThrow(StoreUnavailableError);
    holder.goOn();
    await until(() => store.label(record, 'phone').catch(() => false), 'Writes did not come back');
    expect(await store.list(record.clientId)).toEqual([{ ...record, label: 'phone' }]);
    expect(await store.rotate(next.record, next.pair)).toBe(true);
  });

  it('locks nobody out who repeats the same token, on any process', async () => {
    const { folder } = await openStore();
    const config = { storeTimeout: TIMEOUT, refreshGrace: 1 };
    const servers = await Promise.all(
      [0, 1].map(() => StoreProcess.start(processOn(`lmdb:${folder}`, config))),
    );
    const [one, two] = servers as [StoreProcess, StoreProcess];
    const clients = await Promise.all(
      Array.from({ length: CLIENTS }, (_, n) => one.tokens('issue', [{ clientId: `c${n}` }])),
    );
    const holder = await holdLock(folder);
    const begun = performance.now();
    const refreshes = clients.map(async ({ refreshToken }, n) => {
      for (let attempt = n; ; attempt++) {
        const server = attempt % 2 ? one : two;
        const answer = await server.tokens('refresh', [refreshToken]).catch((error: Error) => error.name);
        if (answer !== 'StoreUnavailableError') return answer;
        await new Promise((done) => setTimeout(done, 100));
      }
    });
    setTimeout(() => holder.goOn(), 1500);
    const answers = await Promise.all(refreshes);
    expect(performance.now() - begun).toBeGreaterThan(1400);
    expect(answers.filter((answer) => typeof answer === 'string')).toEqual([]);
    await Promise.all(servers.map((server) => server.stop()));
  });

  it('is named when another process starts, which refuses to', async () => {
    const { folder } = await openStore();
    const { pid } = await holdLock(folder);
    // In a process of its own: in this one the folder is open already.
    await expect(StoreProcess.start(processOn(`lmdb:${folder}`, { storeTimeout: TIMEOUT }))).rejects.toThrow(
      `process ${pid}, which is stopped, holds the lock`,
    );
  });

  it('does not keep a store from closing', async () => {
    const { store, folder } = await openStore();
    await holdLock(folder);
    const write = store.insert(sessionSample().record, sessionSample().pair, 1).catch(() => undefined);
    const start = new Stopwatch();
    await store.close();
    expect(start.ms).toBeLessThan(2 * TIMEOUT * 1000 + SLACK_MS);
    await write;
  });
});

import assert from 'node:assert/strict';
import { SystemClock } from '../clock.js';
import type { SessionRecord } from '../sessions/session-record.js';
import type { ContractRunner } from './contract-runner.js';
import { rotatedSample, sessionSample } from './session-sample.js';
import { StoreProcess, type StoreProcessOptions } from './store-process.js';

/** How processes of their own open the store; called for each test, for new and empty data. */
export type SharedProcesses = () => Promise<
  Pick<StoreProcessOptions, 'module' | 'argument' | 'execArgv'> & {
    /** Removes the data after the test. */
    readonly tearDown?: () => Promise<void> | void;
  }
>;

const PROCESSES = 3;
const SESSIONS = 60;
const KILLS = 4;

/** Defines the rules that only real processes can show. */
export function describeProcesses({ describe, it }: ContractRunner, shared: SharedProcesses): void {
  const rule = (text: string, test: (options: StoreProcessOptions) => Promise<void>): void => {
    it(text, async () => {
      const { tearDown, ...options } = await shared();
      try {
        await test(options);
      } finally {
        await tearDown?.();
      }
    });
  };

  describe('several processes on the same data', () => {
    rule('rotate a session in the same instant: one wins, every time', async (options) => {
      const processes = await start(options, PROCESSES);
      try {
        const samples = Array.from({ length: SESSIONS }, () => sessionSample());
        await Promise.all(
          samples.map(({ record, pair }) => first(processes).store('insert', [record, pair, 1])),
        );
        const clock = new SystemClock();
        await Promise.all(
          samples.map(async ({ record }, n) => {
            const at = clock.now() + 50 + 5 * n;
            const rivals = processes.map(() => rotatedSample(record));
            const won = await Promise.all(
              rivals.map((rival, p) =>
                (processes[p] as StoreProcess).store('rotate', [rival.record, rival.pair], at),
              ),
            );
            assert.equal(won.filter(Boolean).length, 1);
            const winner = rivals[won.indexOf(true)]?.record;
            for (const process of processes) {
              const found = await process.store('find', [record, { fresh: true }]);
              assert.equal(found?.refreshHash, winner?.refreshHash);
            }
          }),
        );
      } finally {
        await Promise.all(processes.map((process) => process.stop()));
      }
    });

    rule('lose no acknowledged write to SIGKILL, and tear none', async (options) => {
      const known = new Map<string, { acknowledged: SessionRecord; attempted: SessionRecord }>();
      for (let kill = 0; kill < KILLS; kill++) {
        const process = await StoreProcess.start(options);
        const writers = Array.from({ length: 8 }, async () => {
          for (;;) {
            let { record, pair } = sessionSample();
            known.set(record.familyId, { acknowledged: record, attempted: record });
            if (!(await done(process.store('insert', [record, pair, 1])))) {
              known.delete(record.familyId);
              return;
            }
            for (let generation = 0; generation < 3; generation++) {
              const next = rotatedSample(record);
              known.set(record.familyId, { acknowledged: record, attempted: next.record });
              if (!(await done(process.store('rotate', [next.record, next.pair])))) return;
              known.set(record.familyId, { acknowledged: next.record, attempted: next.record });
              ({ record, pair } = next);
            }
          }
        });
        const dying = new Promise((resolve) => setTimeout(resolve, 40 + 60 * kill)).then(() =>
          process.kill(),
        );
        await Promise.all([...writers, dying]);
      }
      assert.ok(known.size > KILLS, 'hardly anything was written before the end');
      const survivor = await StoreProcess.start(options);
      try {
        for (const { acknowledged, attempted } of known.values()) {
          const found = await survivor.store('find', [acknowledged, { fresh: true }]);
          const hashes = [acknowledged, attempted].map((record) => record.refreshHash + record.accessHash);
          assert.ok(
            found && hashes.includes(found.refreshHash + found.accessHash),
            'an acknowledged write is lost',
          );
        }
      } finally {
        await survivor.stop();
      }
    });
  });
}

async function start(options: StoreProcessOptions, count: number): Promise<StoreProcess[]> {
  return Promise.all(Array.from({ length: count }, () => StoreProcess.start(options)));
}

function first(processes: readonly StoreProcess[]): StoreProcess {
  return processes[0] as StoreProcess;
}

/** Whether the write was acknowledged before its process ended. */
async function done(write: Promise<unknown>): Promise<boolean> {
  try {
    await write;
    return true;
  } catch (error) {
    if ((error as Error).name === 'ProcessEnded') return false;
    throw error;
  }
}

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { StoreUnavailableError } from '../../errors.js';
import { type LmdbFiles, openLmdbFiles } from './files.js';
import { LmdbWrites } from './writes.js';

const KEY = Buffer.from('key');

describe('LmdbWrites', () => {
  let folder: string;
  let files: LmdbFiles;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'fastauth-writes-'));
    files = await openLmdbFiles(folder, 1);
  });

  afterEach(async () => {
    await files.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const stored = (): string | undefined => {
    files.uses.resetReadTxn();
    return files.uses.getBinary(KEY)?.toString();
  };

  it('takes those along that come before its turn, in their order', async () => {
    const transactions = jest.spyOn(files.latest, 'write');
    const writes = new LmdbWrites(files, 1);
    const texts = ['a', 'b', 'c'];
    const read = texts.map((text) =>
      writes.run(() => {
        const before = files.uses.getBinary(KEY)?.toString();
        files.uses.putSync(KEY, Buffer.from(text));
        return before;
      }),
    );
    expect(await Promise.all(read)).toEqual([undefined, 'a', 'b']);
    expect(transactions).toHaveBeenCalledTimes(1);
    expect(stored()).toBe('c');
  });

  it('begins another transaction for what comes while one is written', async () => {
    const writes = new LmdbWrites(files, 1);
    let second: Promise<string> | undefined;
    await writes.run(() => {
      second = writes.run(() => 'second');
    });
    expect(await second).toBe('second');
  });

  it('has one transaction under way at a time, and closes when the last is on disk', async () => {
    let underWay = 0;
    const atOnce: number[] = [];
    const write = files.latest.write.bind(files.latest);
    jest.spyOn(files.latest, 'write').mockImplementation(async (action) => {
      atOnce.push(++underWay);
      return write(action).finally(() => underWay--);
    });
    const writes = new LmdbWrites(files, 1);
    let second: Promise<void> | undefined;
    const closed: Promise<void>[] = [];
    const first = writes.run(() => {
      second = writes.run(() => void files.uses.putSync(KEY, Buffer.from('second')));
      closed.push(writes.close());
    });
    await first;
    await closed[0];
    expect(await Promise.race([second, 'not yet'])).toBeUndefined();
    expect(atOnce).toEqual([1, 1]);
    files = await openLmdbFiles(folder, 1);
    expect(stored()).toBe('second');
  });

  it('fails one alone, and keeps what it wrote', async () => {
    const writes = new LmdbWrites(files, 1);
    const failing = writes.run(() => {
      files.uses.putSync(KEY, Buffer.from('written'));
      throw new RangeError('not this one');
    });
    const [failed, done] = await Promise.allSettled([failing, writes.run(() => 'done')]);
    expect(failed).toMatchObject({ status: 'rejected', reason: new RangeError('not this one') });
    expect(done).toEqual({ status: 'fulfilled', value: 'done' });
    expect(stored()).toBe('written');
  });

  it('does not run one whose caller was told that it failed, and runs those whose time is not over', async () => {
    const patient = new LmdbWrites(files, 5);
    const hasty = new LmdbWrites(files, 0.02);
    let isRun = false;
    // Blocks the thread for longer than the hasty one waits, before its turn.
    const blocking = patient.run(() => {
      const until = performance.now() + 100;
      while (performance.now() < until);
    });
    const late = hasty.run(() => (isRun = true));
    await expect(late).rejects.toThrow(StoreUnavailableError);
    await blocking;
    expect(isRun).toBe(false);
    expect(await patient.run(() => 'done')).toBe('done');
  });

  it('fails all that were to be written together when they cannot be, and goes on', async () => {
    const write = jest.spyOn(files.latest, 'write').mockRejectedValueOnce(new Error('the disk'));
    const writes = new LmdbWrites(files, 1);
    const all = await Promise.allSettled([writes.run(() => 1), writes.run(() => 2)]);
    expect(all).toEqual([
      { status: 'rejected', reason: new Error('the disk') },
      { status: 'rejected', reason: new Error('the disk') },
    ]);
    write.mockRestore();
    expect(await writes.run(() => 3)).toBe(3);
  });
});

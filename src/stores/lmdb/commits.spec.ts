import { afterAll, describe, expect, it, jest } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { open } from 'lmdb';
import { itIf } from '../../../test/support/services.js';
import { sessionSample } from '../../store-contract/session-sample.js';
import { LmdbCommits } from './commits.js';
import { openLmdbFiles } from './files.js';
import { LmdbTokenStore } from './lmdb.store.js';

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'fastauth-commits-')));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const openDescriptors = () =>
  readdirSync('/proc/self/fd').filter((descriptor) => {
    try {
      return readlinkSync(`/proc/self/fd/${descriptor}`) === join(folder, 'lock.mdb');
    } catch {
      return false;
    }
  }).length;

describe('the number of the latest commit', () => {
  it('is there, and grows with every commit and with nothing else', async () => {
    const files = await openLmdbFiles(folder, 1);
    const { commits, root, sessions } = files;
    const before = commits?.latest() ?? Number.NaN;
    expect(sessions.getBinary(Buffer.from('nothing'))).toBeUndefined();
    expect(commits?.latest()).toBe(before);
    await root.transaction(() => sessions.put(Buffer.from('a'), Buffer.from('b')));
    expect(commits?.latest()).toBe(before + 1);
    await files.close();
  });

  it('keeps what was read only until somebody writes', async () => {
    const [one, other] = [new LmdbTokenStore({ folder }), new LmdbTokenStore({ folder })];
    await one.open();
    await other.open();
    const { record, pair } = sessionSample();
    await one.insert(record, pair, 1);
    const found = other.find(record);
    expect(found).toMatchObject({ familyId: record.familyId });
    expect(other.find(record)).toBe(found);
    expect(other.find({ ...record, clientId: 'another' })).toBeUndefined();
    await one.revoke(record, record.createdAt + 1);
    expect(other.find(record)).toMatchObject({ revokedAt: record.createdAt + 1 });
    await one.close();
    await other.close();
  });

  it('is that of the folder, not of another one that was at its path before', async () => {
    const place = join(folder, 'place');
    const before = await openLmdbFiles(place, 1);
    renameSync(place, `${place}-before`);
    const after = await openLmdbFiles(place, 1);
    // Two new folders count alike.
    const number = after.commits?.latest() ?? Number.NaN;
    expect(before.commits?.latest()).toBe(number);
    await after.root.transaction(() => after.sessions.put(Buffer.from('a'), Buffer.from('b')));
    expect(after.commits?.latest()).toBe(number + 1);
    expect(before.commits?.latest()).toBe(number);
    await before.close();
    await after.close();
  });

  it('keeps a commit whose number a process that opens the folder sets back', async () => {
    const place = join(folder, 'set-back');
    const store = new LmdbTokenStore({ folder: place });
    await store.open();
    const [first, second] = [sessionSample(), sessionSample()];
    await store.insert(first.record, first.pair, 1);
    // Not in this process: closing the file would give up LMDB's locks.
    const setBack = `const fs = require('fs'), file = fs.openSync(process.argv[1], 'r+'), number = Buffer.alloc(8);
      fs.readSync(file, number, 0, 8, 8);
      number.writeBigUInt64LE(number.readBigUInt64LE() - 1n);
      fs.writeSync(file, number, 0, 8, 8);`;
    execFileSync(process.execPath, ['-e', setBack, join(place, 'lock.mdb')]);
    await store.insert(second.record, second.pair, 1);
    expect(store.find(first.record)).toMatchObject({ familyId: first.record.familyId });
    expect(store.find(second.record)).toMatchObject({ familyId: second.record.familyId });
    await store.close();
  });

  // Closing any descriptor of the lock file gives up LMDB's locks on it (POSIX). Where there is no /proc, nobody can look.
  const whereLooked = itIf(existsSync('/proc/self/fd'), 'no /proc', process.platform === 'linux');
  whereLooked('holds the lock file open until the last store on it is closed', async () => {
    const [one, other] = [new LmdbTokenStore({ folder }), new LmdbTokenStore({ folder })];
    await one.open();
    const held = openDescriptors();
    expect(held).toBeGreaterThan(0);
    await other.open();
    await one.close();
    expect(openDescriptors()).toBeGreaterThanOrEqual(held);
    await other.close();
    expect(openDescriptors()).toBe(0);
  });

  whereLooked("leaves LMDB's lock on the file alone while the number is not what it should be", async () => {
    const elsewhere = join(folder, 'elsewhere');
    const root = open<Buffer, Buffer>({ path: elsewhere, noSubdir: false });
    const lockFile = join(elsewhere, 'lock.mdb');
    const lock = new RegExp(` ${process.pid} \\S+:${statSync(lockFile).ino} `);
    expect(readFileSync('/proc/locks', 'utf8')).toMatch(lock);
    // As while another process commits: in the data file, and not yet in the lock file.
    jest.spyOn(root, 'getStats').mockReturnValue({ lastTxnId: 1_000_000 });
    const commits = await LmdbCommits.open(lockFile, root);
    expect(commits?.latest()).toBeUndefined();
    expect(readFileSync('/proc/locks', 'utf8')).toMatch(lock);
    await root.close();
    commits?.close();
  });
});

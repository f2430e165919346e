import { afterAll, describe, expect, it, jest } from '@jest/globals';
import {
  closeSync,
  openSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join, relative } from 'node:path';
import { open } from 'lmdb';
import { describeTokenStoreContract, rotatedSample, sessionSample } from 'nestjs-fastauth/store-contract';
import { StoreUnavailableError } from '../../src/errors.js';
import { LmdbTokenStore } from '../../src/stores/lmdb/lmdb.store.js';
import { processOn } from '../support/store-processes.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';

// Processes start slowly on a busy machine.
jest.setTimeout(60_000);

const folders = new WeakMap<object, string>();

afterAll(removeTemporaryFolders);

async function openStore(folder = join(temporaryFolder(), '.fastauth')): Promise<LmdbTokenStore> {
  const store = new LmdbTokenStore({ folder });
  await store.open();
  folders.set(store, folder);
  return store;
}

function folderOf(store: object): string {
  return folders.get(store) ?? '';
}

describeTokenStoreContract('LmdbTokenStore', {
  open: () => openStore(),
  reopen: async (store) => {
    await store.close();
    return openStore(folderOf(store));
  },
  second: (store) => openStore(folderOf(store)),
  heardWithin: 500,
  processes: async () => processOn(`lmdb:${join(temporaryFolder(), 'store')}`),
});

describe('LmdbTokenStore', () => {
  it('finds without a promise', async () => {
    const store = await openStore();
    const { record, pair } = sessionSample();
    await store.insert(record, pair, 1);
    expect(store.find(record)?.accessHash).toBe(record.accessHash);
    await store.close();
  });

  // Where this fails, the process stands still: each waits for the other.
  it('opens and closes while another store of the process writes to the folder', async () => {
    const folder = join(temporaryFolder(), '.fastauth');
    const writing = await openStore(folder);
    for (let round = 0; round < 20; round++) {
      const samples = Array.from({ length: 5 }, (_, nth) => sessionSample({ clientId: `${round}-${nth}` }));
      const written = samples.map(({ record, pair }) => writing.insert(record, pair, 1));
      const [one, other] = await Promise.all([openStore(folder), openStore(folder)]);
      await Promise.all(written);
      for (const { record } of samples) expect(one.find(record)?.accessHash).toBe(record.accessHash);
      const late = sessionSample({ clientId: `${round}` });
      const saved = one.insert(late.record, late.pair, 1);
      const closed = one.close();
      await Promise.all([saved, closed, other.close()]);
      expect(writing.find(late.record)?.accessHash).toBe(late.record.accessHash);
    }
    const closing = writing.close();
    const again = await openStore(folder);
    await closing;
    expect(await again.list('0-0')).toHaveLength(1);
    await again.close();
  });

  it('does not share a folder that was put in place of another', async () => {
    const folder = join(temporaryFolder(), '.fastauth');
    const before = await openStore(folder);
    const { record, pair } = sessionSample();
    await before.insert(record, pair, 1);
    renameSync(folder, `${folder}-before`);
    const after = await openStore(folder);
    expect(after.find(record)).toBeUndefined();
    expect(before.find(record)).toBeDefined();
    await Promise.all([before.close(), after.close()]);
  });

  it('keeps folder and files to their owner', async () => {
    const store = await openStore();
    const folder = folderOf(store);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(statSync(join(folder, 'data.mdb')).mode & 0o777).toBe(0o600);
    expect(statSync(join(folder, 'lock.mdb')).mode & 0o777).toBe(0o600);
    await store.close();
  });

  it('stores no token text', async () => {
    const store = await openStore();
    const { record, pair } = sessionSample();
    await store.insert({ ...record, plainPair: pair }, pair, 1);
    const file = readFileSync(join(folderOf(store), 'data.mdb'));
    expect(file.includes(pair.accessToken)).toBe(false);
    expect(file.includes(pair.refreshToken)).toBe(false);
    expect(store.find(record)?.plainPair).toBeUndefined();
    await store.close();
  });

  it('lets two stores of one process share a folder, and one outlive the other', async () => {
    const first = await openStore();
    const second = await openStore(folderOf(first));
    const { record, pair } = sessionSample();
    await first.insert(record, pair, 1);
    expect(second.find(record)).toBeDefined();
    await first.close();
    const next = rotatedSample(record);
    await expect(second.rotate(next.record, next.pair)).resolves.toBe(true);
    expect(second.find(record)?.generation).toBe(1);
    await second.close();
  });

  it('is unavailable, not empty, before it is opened and after it is closed', async () => {
    const store = new LmdbTokenStore({ folder: join(temporaryFolder(), 'never') });
    const { record, pair } = sessionSample();
    expect(() => store.find(record)).toThrow(StoreUnavailableError);
    await expect(store.insert(record, pair, 1)).rejects.toThrow(StoreUnavailableError);
    const closed = await openStore();
    await closed.close();
    await closed.close();
    expect(() => closed.find(record)).toThrow(StoreUnavailableError);
    await expect(closed.ping()).rejects.toThrow(StoreUnavailableError);
  });

  it('finishes writes in flight before it closes', async () => {
    const store = await openStore();
    const samples = Array.from({ length: 50 }, () => sessionSample());
    const writes = samples.map(({ record, pair }) => store.insert(record, pair, 1));
    await store.close();
    await Promise.all(writes);
    const reopened = await openStore(folderOf(store));
    for (const { record } of samples) expect(reopened.find(record)).toBeDefined();
    await reopened.close();
  });

  it('does not confuse identifiers that are not well-formed Unicode with others', async () => {
    const store = await openStore();
    const { record, pair } = sessionSample({ clientId: 'x\uFFFD' });
    await store.insert(record, pair, 1);
    expect(store.find({ ...record, clientId: 'x\uD800' })).toBeUndefined();
    await expect(store.insert({ ...record, clientId: 'x\uD800' }, pair, 1)).rejects.toThrow(RangeError);
    await expect(store.insert({ ...record, clientId: 'x'.repeat(5000) }, pair, 1)).rejects.toThrow(
      RangeError,
    );
    expect(store.find({ ...record, clientId: 'x'.repeat(5000) })).toBeUndefined();
    await expect(store.revokeClient('x\uD800', 1)).resolves.toEqual([]);
    await store.close();
  });

  it('answers a damaged session with unavailable', async () => {
    const store = await openStore();
    const { record, pair } = sessionSample({ label: 'L'.repeat(40) });
    await store.insert(record, pair, 1);
    await store.close();
    const file = join(folderOf(store), 'data.mdb');
    const at = readFileSync(file).indexOf('L'.repeat(40));
    const fd = openSync(file, 'r+');
    writeSync(fd, 'M', at + 3);
    closeSync(fd);
    const reopened = await openStore(folderOf(store));
    expect(() => reopened.find(record)).toThrow(StoreUnavailableError);
    await expect(reopened.list(record.clientId)).rejects.toThrow(StoreUnavailableError);
    const next = rotatedSample(record);
    await expect(reopened.rotate(next.record, next.pair)).rejects.toThrow(StoreUnavailableError);
    await expect(reopened.sweep(record.refreshExpiresAt + 1, 10)).resolves.toBe(1);
    expect(reopened.find(record)).toBeUndefined();
    await reopened.close();
  });

  describe('refuses, with a sentence and without touching it,', () => {
    async function expectRefusal(folder: string, sentence: RegExp): Promise<void> {
      const file = join(folder, 'data.mdb');
      const before = readFileSync(file);
      await expect(openStore(folder)).rejects.toThrow(sentence);
      await expect(openStore(folder)).rejects.toThrow(StoreUnavailableError);
      expect(readFileSync(file).equals(before)).toBe(true);
    }

    it('a file that is no database', async () => {
      const folder = temporaryFolder();
      writeFileSync(join(folder, 'data.mdb'), 'not a database\n'.repeat(1000));
      await expectRefusal(folder, /data\.mdb cannot be used: it is not a database/);
    });

    it('a file of a few bytes', async () => {
      const folder = temporaryFolder();
      writeFileSync(join(folder, 'data.mdb'), 'x');
      await expectRefusal(folder, /not a database/);
    });

    it.each([0.2, 0.5, 0.9])('a database cut to %p of its length', async (share) => {
      const store = await openStore();
      const samples = Array.from({ length: 500 }, () => sessionSample());
      await Promise.all(samples.map(({ record, pair }) => store.insert(record, pair, 1)));
      await store.close();
      const file = join(folderOf(store), 'data.mdb');
      truncateSync(file, Math.floor(statSync(file).size * share));
      await expectRefusal(folderOf(store), /it was cut short/);
    });

    it('a database whose start is damaged', async () => {
      const store = await openStore();
      await store.close();
      truncateSync(join(folderOf(store), 'data.mdb'), 4200);
      await expectRefusal(folderOf(store), /its start is damaged/);
    });

    it("another program's database", async () => {
      const folder = temporaryFolder();
      const foreign = open({ path: folder, noSubdir: false });
      await foreign.put('theirs', 1);
      await foreign.close();
      await expect(openStore(folder)).rejects.toThrow(/holds the database of another program/);
      const again = open({ path: folder, noSubdir: false });
      expect(again.get('theirs')).toBe(1);
      expect([...again.getKeys()]).toEqual(['theirs']);
      await again.close();
    });

    it('a folder that is a file', async () => {
      const path = join(temporaryFolder(), 'file');
      writeFileSync(path, '');
      await expect(openStore(path)).rejects.toThrow(/cannot be read or written \(EEXIST\)/);
    });

    it('a folder that cannot be made, with its full path, the reason, and what to do', async () => {
      const missing = join(temporaryFolder(), 'unmounted');
      const link = join(temporaryFolder(), 'link');
      symlinkSync(missing, link);
      await expect(openStore(relative('.', link))).rejects.toThrow(
        `The embedded token store in "${link}" cannot be opened: it cannot be read or written (ENOENT). ` +
          'Nothing was changed. Make it a folder that this process may write to, ' +
          'or name another one in database-url ("lmdb:<folder>").',
      );
    });
  });
});

import { execFileSync } from 'node:child_process';
import { chmodSync, readFileSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { sessionSample } from 'nestjs-fastauth/store-contract';
import { StoreUnavailableError } from '../../src/errors.js';
import { LmdbTokenStore } from '../../src/stores/lmdb/lmdb.store.js';
import { MASTER_TOKEN, startApp } from '../support/app.js';
import { JsonChild } from '../support/child-process.js';
import { compile } from '../support/compile.js';
import { RoutesController } from '../support/routes.controller.js';
import { describeIf, IS_LINUX_ROOT } from '../support/services.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';

afterAll(removeTemporaryFolders);

/** Mounts something of the test's own, or says that it may not. */
function mount(...args: string[]): boolean {
  try {
    execFileSync('mount', args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

function unmount(folder: string): void {
  execFileSync('umount', ['-l', folder], { stdio: 'ignore' });
}

const probe = temporaryFolder();
const canMount = mount('-t', 'tmpfs', '-o', 'size=64k', 'fastauth-probe', probe);
if (canMount) unmount(probe);

const describeOnDisk = describeIf(canMount, 'no leave to mount', IS_LINUX_ROOT);

describeOnDisk('on a disk of its own', () => {
  const folder = temporaryFolder();
  const data = join(folder, 'store');
  beforeAll(() => {
    mount('-t', 'tmpfs', '-o', 'size=1m', 'fastauth-test', folder);
  });
  afterAll(() => unmount(folder));

  it('that is full, the server answers 503, keeps what it acknowledged, and goes on when there is room', async () => {
    const compiled = await compile('test/support/store-child.ts');
    const child = new JsonChild(process.execPath, [compiled.entry, 'fill', `lmdb:${data}`]);
    expect(await child.next()).toBe('open');
    const failure = await child.next<{ failed: string; written: number }>();
    expect(failure?.failed).toBe('StoreUnavailableError');
    expect(failure?.written).toBeGreaterThan(100);
    // Revoking goes on, and lmdb never saw a write fail.
    expect(await child.next()).toEqual({ lost: 0, revoked: 50 });
    expect(statfsSync(folder).bavail).toBeGreaterThan(0);
    await child.end();
    compiled.remove();

    const app = await startApp({
      adapter: 'fastify',
      controllers: [RoutesController],
      fastauth: { databaseUrl: `lmdb:${data}`, sessionsPerClient: 100_000 },
    });
    const issue = () => app.get('/auth/token/new?client_id=x', { 'MASTER-TOKEN': MASTER_TOKEN });
    let last: Awaited<ReturnType<typeof issue>> | undefined;
    let refused = await issue();
    for (let n = 0; n < 500 && refused.status === 200; n++) [last, refused] = [refused, await issue()];
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, expect.any(String)]);
    expect((await app.get('/health')).status).toBe(200);
    const token = last?.body.data.access_token as string | undefined;
    if (token) expect((await app.get('/whoami', { 'ACCESS-TOKEN': token })).status).toBe(200);
    mount('-o', 'remount,size=8m', folder);
    expect((await issue()).status).toBe(200);
    await app.close();
  }, 60_000);
});

describe('a folder that cannot be written to', () => {
  it('is refused at the start with a sentence, and not changed', async () => {
    const folder = join(temporaryFolder(), 'store');
    const store = new LmdbTokenStore({ folder });
    await store.open();
    const { record, pair } = sessionSample();
    await store.insert(record, pair, 1);
    await store.close();
    const before = readFileSync(join(folder, 'data.mdb'));
    chmodSync(join(folder, 'data.mdb'), 0o400);
    // Root may write where the mode says that nobody may; a mount that is read-only holds for it, too.
    const isMounted = canMount && mount('--bind', folder, folder);
    try {
      if (isMounted) mount('-o', 'remount,ro,bind', folder);
      const again = new LmdbTokenStore({ folder });
      if (isMounted || process.getuid?.() !== 0) {
        await expect(again.open()).rejects.toThrow(StoreUnavailableError);
        await expect(again.open()).rejects.toThrow(/cannot be opened: it cannot be read or written/);
      }
    } finally {
      if (isMounted) unmount(folder);
    }
    expect(readFileSync(join(folder, 'data.mdb')).equals(before)).toBe(true);
    chmodSync(join(folder, 'data.mdb'), 0o600);
    const writable = new LmdbTokenStore({ folder });
    await writable.open();
    expect(writable.find(record)).toBeDefined();
    await writable.close();
  });
});

describe('a data file with damaged pages', () => {
  it('is refused with a sentence or read, never silently emptied, and never ends the process', async () => {
    const folder = temporaryFolder();
    const compiled = await compile('test/support/store-child.ts');
    const child = new JsonChild(process.execPath, [
      compiled.entry,
      'damage',
      `lmdb:${join(folder, 'store')}`,
    ]);
    try {
      expect(await child.next()).toBe('open');
      // Every page in turn, in each of several ways: no session is ever lost without a word.
      const outcome = await child.next<Record<string, number>>();
      expect(outcome).toEqual({
        refused: expect.any(Number),
        read: expect.any(Number),
        'in part': expect.any(Number),
      });
      expect(outcome?.['refused']).toBeGreaterThan(50);
      expect(outcome?.['read']).toBeGreaterThan(20);
    } finally {
      await child.end();
      compiled.remove();
    }
  }, 60_000);
});

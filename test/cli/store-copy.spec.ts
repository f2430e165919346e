import { afterAll, afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sessionSample } from '../../src/store-contract/session-sample.js';
import { LmdbTokenStore } from '../../src/stores/lmdb/lmdb.store.js';
import { PersistenceServer } from '../support/persistence-server.js';
import { PYTHON_KEY, pythonPair } from '../support/python-tokens.js';
import { runCli } from '../support/run-cli.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';

/** Each run of the command is a process of its own. */
jest.setTimeout(120_000);

const NOW = Math.floor(Date.now() / 1000);
const PASSWORD = 'pass-word-of-the-database';

describe('fastauth store copy', () => {
  const api = new PersistenceServer();
  let folder: string;
  const copy = (from: string, to: string, ...more: readonly string[]) =>
    runCli(['store', 'copy', '--from', from, '--to', to, ...more], {
      cwd: folder,
      env: { CRYPTOGRAPHY_KEY: PYTHON_KEY },
    });
  const inStore = async <T>(name: string, action: (store: LmdbTokenStore) => Promise<T>): Promise<T> => {
    const store = new LmdbTokenStore({ folder: join(folder, name) });
    await store.open();
    try {
      return await action(store);
    } finally {
      await store.close();
    }
  };
  const write = (name: string, text: string): void => writeFileSync(join(folder, name), text);

  beforeEach(async () => {
    folder = temporaryFolder();
    await api.start();
  });
  afterEach(() => api.stop());
  afterAll(removeTemporaryFolders);

  it('copies, says how far it is and that it may be interrupted, and counts', async () => {
    await inStore('old', async (store) => {
      for (let n = 0; n < 3; n++) {
        const { record, pair } = sessionSample({
          createdAt: NOW,
          accessExpiresAt: NOW + 100,
          refreshExpiresAt: NOW + 1000,
        });
        await store.insert(record, pair, 1);
        if (n === 0) await store.revoke(record, NOW);
      }
      const expired = sessionSample({
        createdAt: NOW - 5000,
        accessExpiresAt: NOW - 4000,
        refreshExpiresAt: NOW - 3000,
      });
      await store.insert(expired.record, expired.pair, 1);
    });
    const first = await copy('lmdb:old', 'lmdb:new');
    expect(first).toMatchObject({
      code: 0,
      stdout: '3 sessions of "fastauth" copied, 0 there already, 1 expired and left behind.\n',
    });
    // Revoked and expired ones count, as in the sum above.
    expect(first.stderr).toMatch(
      /^Copying lmdb:old to lmdb:new\. It may be interrupted and run again\.\n0\/4 sessions\n/,
    );
    expect(JSON.parse((await copy('lmdb:old', 'lmdb:new', '--json')).stdout)).toEqual({
      app_name: 'fastauth',
      sessions: { copied: 0, present: 3, expired: 1, ended: 0 },
      clients: { copied: 0, changed: [] },
      unknown_clients: [],
      unreadable_clients: [],
    });
  });

  it('needs a list of clients for a persistence API, and tells of those without a usable record', async () => {
    const refusal = await copy(api.url, 'lmdb:new');
    expect(refusal).toMatchObject({ code: 2, stderr: expect.stringContaining('--clients FILE') });
    api.setRecord('ada', { data: pythonPair('ada', NOW) });
    api.setRecord('broken', { data: 'x' });
    write('clients.txt', '\uFEFFada\r\nbroken\r\n\r\nada\r\nnobody\r\n');
    const run = await copy(api.url, 'lmdb:new', '--clients', 'clients.txt');
    expect(run).toMatchObject({
      code: 1,
      stdout:
        '1 session of "fastauth" copied, 0 there already, 0 expired and left behind.\n' +
        '1 client unknown to the persistence API: "nobody".\n' +
        '1 client left behind, since the persistence API has no usable record of them: "broken".\n',
    });
    expect(run.stderr).toContain('0/3 clients');
  });

  it('sends the headers of the configuration to its own API, or to the one that is left', async () => {
    write('clients.txt', 'ada\n');
    api.setRecord('ada', { data: pythonPair('ada', NOW) }, '/old');
    const headers = { 'x-api-key': 'key-of-the-api' };
    const seen = () =>
      api.calls.splice(0).map(({ url, headers: sent }) => [url.slice(0, 4), sent['x-api-key']]);
    write('fastauth.config.json', JSON.stringify({ headers, 'database-api-url': `${api.url}/old` }));
    api.calls.length = 0;
    await copy(`${api.url}/old`, `${api.url}/new`, '--clients', 'clients.txt');
    const places = new Set(seen().map(String));
    expect(places).toEqual(new Set(['/old,key-of-the-api', '/new,']));
    write('fastauth.config.json', JSON.stringify({ headers, 'database-url': 'lmdb:new' }));
    await copy(`${api.url}/old`, 'lmdb:new', '--clients', 'clients.txt');
    expect(new Set(seen().map(String))).toEqual(new Set(['/old,key-of-the-api']));
  });

  it.each([
    ['the same folder', 'lmdb:old', 'lmdb:./x/../old', 'the same store'],
    ['the same Redis', 'redis://localhost', `rediss://u:${PASSWORD}@127.0.0.1:6379/0`, 'the same store'],
    [
      'the same database',
      'postgres://a@h/db',
      `postgresql://b:${PASSWORD}@H:5432/db?sslmode=require`,
      'the same store',
    ],
    ['a memory store', 'memory:', 'lmdb:new', 'lives in the process of its application'],
    ['a folder without a store', 'lmdb:nowhere', 'lmdb:new', 'there is no store in nowhere'],
    ['no URL', `${PASSWORD}`, 'lmdb:new', '--from has no scheme'],
    ['no known scheme', `mongodb://u:${PASSWORD}@h/db`, 'lmdb:new', '--from has the scheme "mongodb:"'],
    ['a store that cannot be copied to', 'redis://h', 'http://h', 'plain text'],
    [
      'a file that is not there',
      'redis://h',
      'lmdb:new',
      'clients.txt is not there',
      '--clients',
      'clients.txt',
    ],
  ])('refuses %s', async (_case, from, to, message, ...more) => {
    const run = await copy(from, to, ...more);
    expect(run).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining(message) });
    expect(run.stderr).not.toContain(PASSWORD);
  });

  it('names a line that is no client identifier, and a store that is out of reach, without a password', async () => {
    write('clients.txt', `ada\n${'x'.repeat(257)}\n`);
    expect(await copy(api.url, 'lmdb:new', '--clients', 'clients.txt')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('clients.txt, line 2: must be at most 256 characters'),
    });
    const run = await copy(`postgres://u:${PASSWORD}@127.0.0.1:1/db`, 'lmdb:new');
    expect(run).toMatchObject({ code: 1, stderr: expect.stringContaining('127.0.0.1:1') });
    expect(run.stderr).not.toContain(PASSWORD);
  });
});

import { afterAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { join } from 'node:path';
import { sessionSample } from '../../src/store-contract/session-sample.js';
import { LmdbTokenStore } from '../../src/stores/lmdb/lmdb.store.js';
import { PersistenceServer } from '../support/persistence-server.js';
import { runCli, type CliRun } from '../support/run-cli.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';

/** Each run of the command is a process of its own. */
jest.setTimeout(120_000);

const DAY = 24 * 60 * 60;
const NOW = Math.floor(Date.now() / 1000);

describe('fastauth sessions, client and token', () => {
  let folder: string;
  const env = {
    CRYPTOGRAPHY_KEY: 'a-cryptography-key-of-this-test-0123456789',
    FASTAUTH_DATABASE_URL: 'lmdb:sessions',
  };
  const fastauth = (args: readonly string[], options: object = {}): Promise<CliRun> =>
    runCli(args, { cwd: folder, env, ...options });
  const json = async (...args: string[]) => JSON.parse((await fastauth([...args, '--json'])).stdout);
  const withStore = async <T>(action: (store: LmdbTokenStore) => Promise<T>): Promise<T> => {
    const store = new LmdbTokenStore({ folder: join(folder, 'sessions') });
    await store.open();
    try {
      return await action(store);
    } finally {
      await store.close();
    }
  };
  const sessionOf = (clientId: string, age: number) =>
    sessionSample({
      clientId,
      familyId: `${clientId}-${age}`,
      createdAt: NOW - age * DAY,
      accessExpiresAt: NOW + DAY,
      refreshExpiresAt: NOW + 300 * DAY,
    });
  beforeEach(async () => {
    folder = temporaryFolder();
    await withStore(async (store) => {
      for (const [clientId, age] of [
        ['ada', 100],
        ['ada', 1],
        ['eve & co', 95],
      ] as const) {
        const { record, pair } = sessionOf(clientId, age);
        await store.insert(record, pair, Infinity);
      }
      await store.touch({ clientId: 'eve & co', familyId: 'eve & co-95' }, { usedAt: NOW - DAY, period: 1 });
    });
  });
  afterAll(removeTemporaryFolders);

  it('lists all, those of one client, and those that nobody has used', async () => {
    const { sessions } = await json('sessions', 'list');
    expect(sessions.map(({ session }: { session: string }) => session)).toEqual([
      'ada-100',
      'eve & co-95',
      'ada-1',
    ]);
    expect(sessions[1]).toMatchObject({ client_id: 'eve & co', last_used_at: NOW - DAY });
    expect((await json('sessions', 'list', '--client', 'ada')).sessions).toHaveLength(2);
    expect(await json('sessions', 'list', '--unused-since', '90d')).toEqual({
      sessions: [expect.objectContaining({ session: 'ada-100' })],
    });
    const { stdout } = await fastauth(['sessions', 'list', '--unused-since', '90d']);
    expect(stdout).toMatch(/^"ada" {2}ada-100 {2}since .* until .*\n1 session\.\n$/);
  });

  it('ends what nobody has used, where uses are tracked or with --force', async () => {
    const revoke = ['sessions', 'list', '--unused-since', '90d', '--revoke'];
    expect(await fastauth(revoke)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('track-last-used'),
    });
    expect(await json(...revoke, '--force')).toMatchObject({ revoked: 1 });
    expect((await json('sessions', 'list')).sessions).toHaveLength(2);
    expect(await fastauth(['sessions', 'list', '--revoke'])).toMatchObject({ code: 2 });
  });

  it('ends one session, all of a client, and that of a token', async () => {
    const one = ['sessions', 'revoke', '--client', 'ada', '--session', 'ada-1'];
    expect(await fastauth(one)).toMatchObject({ code: 0, stdout: 'The session has ended.\n' });
    expect(await fastauth(one)).toMatchObject({ code: 1, stdout: 'There is no such live session.\n' });
    expect(await fastauth(['client', 'revoke', 'ada'])).toMatchObject({
      code: 0,
      stdout: '1 session of "ada" ended.\n',
    });
    expect(await fastauth(['client', 'revoke', 'ada'])).toMatchObject({
      code: 1,
      stdout: '0 sessions of "ada" ended.\n',
    });
    const { refresh_token } = await json('token', 'new', '--client-id', 'sensor');
    expect(await fastauth(['token', 'revoke'], { input: refresh_token })).toMatchObject({ code: 0 });
    expect(await fastauth(['token', 'revoke'], { input: refresh_token })).toMatchObject({ code: 1 });
    expect((await json('sessions', 'list')).sessions).toHaveLength(1);
  });

  it('leaves a session alone that is named', async () => {
    expect(await json('client', 'revoke', 'ada', '--except-session', 'ada-1')).toEqual({
      client_id: 'ada',
      revoked: 1,
    });
  });

  it.each(['0d', '90', 'soon', '-1d'])('refuses the duration %s', async (duration) => {
    expect(await fastauth(['sessions', 'list', `--unused-since=${duration}`])).toMatchObject({ code: 2 });
  });

  it('says that the persistence API lists no clients', async () => {
    const server = new PersistenceServer();
    await server.start();
    try {
      const rest = { ...env, FASTAUTH_DATABASE_URL: server.url };
      expect(await fastauth(['sessions', 'list'], { env: rest })).toMatchObject({
        code: 1,
        stderr: 'fastauth: This store cannot list its clients; name one with --client.\n',
      });
      expect(await fastauth(['sessions', 'list', '--client', 'ada'], { env: rest })).toMatchObject({
        code: 0,
      });
    } finally {
      await server.stop();
    }
  });
});

import { afterAll, afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { chmodSync, existsSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Finding } from '../../src/cli/finding.js';
import { runCli } from '../support/run-cli.js';
import { describeWith, serviceUrl } from '../support/services.js';
import { type OwnDatabase, ownPostgres } from '../support/sql-databases.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';

/** Each run of the command is a process of its own. */
jest.setTimeout(120_000);

const PASSWORD = 'pass-word-of-the-database';

describe('fastauth doctor', () => {
  let folder: string;
  const doctor = async (env: NodeJS.ProcessEnv = {}) => {
    const { code, stdout, stderr } = await runCli(['doctor', '--json'], { cwd: folder, env });
    expect(stdout + stderr).not.toContain(PASSWORD);
    const { status, findings } = JSON.parse(stdout) as { status: string; findings: readonly Finding[] };
    return { code, status, findings, bad: findings.filter((finding) => finding.status === 'bad') };
  };
  const write = (name: string, content: object): void =>
    writeFileSync(join(folder, name), JSON.stringify(content));

  beforeEach(async () => {
    folder = temporaryFolder();
    symlinkSync(resolve('node_modules'), join(folder, 'node_modules'));
    expect(await runCli(['init'], { cwd: folder })).toMatchObject({ code: 0 });
  });
  afterAll(removeTemporaryFolders);

  it('finds nothing to mend in a fresh application, names what it looked at, and makes nothing', async () => {
    const { code, status, findings } = await doctor();
    expect({ code, status }).toEqual({ code: 0, status: 'good' });
    const subjects = ['versions', 'adapter', 'files', 'configuration', 'keys', 'store', 'proxies'];
    expect([...new Set(findings.map(({ subject }) => subject))]).toEqual(subjects);
    const text = JSON.stringify(findings);
    for (const part of [process.versions.node, '@nestjs/core 1', 'express (@nestjs', '(HS256) signs']) {
      expect(text).toContain(part);
    }
    expect(text).toContain(`${join(folder, 'fastauth.config.json')} was found`);
    expect(existsSync(join(folder, '.fastauth'))).toBe(false);
    const { stdout } = await runCli(['doctor'], { cwd: folder });
    expect(stdout).toMatch(/^good {5}versions {7}nestjs-fastauth /);
    expect(stdout).toMatch(/\nNothing has to be mended\.\n$/);
    expect(await runCli(['token', 'new'], { cwd: folder })).toMatchObject({ code: 0 });
    const { findings: later } = await doctor();
    expect(later).toContainEqual({ status: 'good', subject: 'store', message: 'lmdb:.fastauth answers' });
  });

  it('has something to say in an empty folder', async () => {
    folder = temporaryFolder();
    const { code, bad } = await doctor();
    expect(code).toBe(1);
    expect(bad.map(({ message }) => message)).toEqual([
      expect.stringContaining('@nestjs/common is not installed'),
      expect.stringContaining('@nestjs/core is not installed'),
      'nothing is configured',
      expect.stringContaining('there is no key'),
    ]);
    for (const { remedy } of bad) expect(remedy).toBeTruthy();
  });

  it('names every fault of the configuration, and files that are open to others', async () => {
    chmodSync(join(folder, '.env'), 0o644);
    write('fastauth.config.json', { 'acess-token-paths': ['/a'], 'refresh-grace': -1 });
    const { code, bad } = await doctor();
    expect(code).toBe(1);
    expect(bad.map(({ subject }) => subject)).toEqual(['files', 'configuration', 'configuration']);
    expect(bad[0]?.remedy).toBe(`Run "chmod 600 ${join(folder, '.env')}".`);
  });

  it.each([
    [{ 'database-url': 'lmdb:sessions' }, true],
    [{ 'database-url': `redis://u:${PASSWORD}@127.0.0.1:1` }, false],
    [{ 'master-token': 'a-master-token-of-this-test' }, false],
  ])('looks whether the configuration file holds secrets: %j', async (config, isGood) => {
    write('fastauth.config.json', config);
    const { findings } = await doctor();
    const file = findings.find(({ message }) => message.includes('fastauth.config.json'));
    expect(file?.status).toBe(isGood ? 'good' : 'bad');
  });

  it('tells of what production would refuse', async () => {
    write('fastauth.config.json', { 'cryptography-key': 'secret1' });
    const { findings } = await doctor();
    expect(findings).toContainEqual({
      status: 'warning',
      subject: 'configuration',
      message: expect.stringContaining('refused in production'),
    });
  });

  it('tells that access is only observed', async () => {
    const until = new Date(Date.now() + 86_400_000).toISOString();
    write('fastauth.config.json', { enforcement: 'observe', 'observe-until': until });
    const { findings } = await doctor();
    expect(findings).toContainEqual({
      status: 'warning',
      subject: 'enforcement',
      message: `access is only observed until ${until}: calls without a token pass`,
      remedy: expect.stringContaining('access.would_deny'),
    });
    write('fastauth.config.json', { enforcement: 'observe', 'observe-until': '2024-01-31' });
    expect((await doctor()).findings).toContainEqual(
      expect.objectContaining({
        status: 'note',
        subject: 'enforcement',
        message: 'access is enforced, since 2024-01-31 has passed',
      }),
    );
  });

  it.each([
    ['a damaged key set file', { 'key-set-file': 'keys.json' }, {}, 'keys', 'keys.json'],
    [
      'a store out of reach',
      {},
      { FASTAUTH_DATABASE_URL: `redis://u:${PASSWORD}@127.0.0.1:1/0` },
      'store',
      'redis://127.0.0.1:1/0: Redis at 127.0.0.1:1: nothing listens there',
    ],
    [
      'a host that there is not',
      {},
      { FASTAUTH_DATABASE_URL: `http://u:${PASSWORD}@nowhere.invalid/data` },
      'store',
      'http://nowhere.invalid/data: the persistence API at nowhere.invalid: ',
    ],
  ])('finds %s', async (_case, config, env, subject, message) => {
    write('fastauth.config.json', config);
    writeFileSync(join(folder, 'keys.json'), '{"keys":', { mode: 0o600 });
    const { code, bad } = await doctor(env);
    expect(code).toBe(1);
    expect(bad).toEqual([expect.objectContaining({ subject, message: expect.stringContaining(message) })]);
  });
});

const describeServers = await describeWith('PostgreSQL');

describeServers('fastauth doctor and PostgreSQL', () => {
  let database: OwnDatabase;
  let folder: string;
  const doctor = async (env: NodeJS.ProcessEnv = {}) => {
    const run = await runCli(['doctor', '--json'], {
      cwd: folder,
      env: { FASTAUTH_DATABASE_URL: database.url, ...env },
    });
    const { findings } = JSON.parse(run.stdout) as { findings: readonly Finding[] };
    return findings.filter(({ subject }) => subject === 'store');
  };

  beforeEach(async () => {
    database = await ownPostgres();
    folder = temporaryFolder();
    symlinkSync(resolve('node_modules'), join(folder, 'node_modules'));
    await runCli(['init'], { cwd: folder });
  });
  afterEach(() => database.drop());
  afterAll(removeTemporaryFolders);

  it('names an absent database, missing and old tables, and a clock that is wrong', async () => {
    const absent = new URL(serviceUrl('PostgreSQL'));
    absent.pathname = '/there-is-none';
    expect(await doctor({ FASTAUTH_DATABASE_URL: absent.href })).toEqual([
      expect.objectContaining({
        status: 'bad',
        message: expect.stringMatching(/"there-is-none" \(3D000\)$/),
      }),
    ]);
    expect(await doctor()).toEqual([
      expect.objectContaining({ status: 'bad', message: expect.stringContaining('fastauth store migrate') }),
    ]);
    const env = { FASTAUTH_DATABASE_URL: database.url };
    await runCli(['store', 'migrate'], { cwd: folder, env });
    expect(await doctor()).toEqual([
      expect.objectContaining({ status: 'good', message: expect.stringMatching(/ answers$/) }),
      { status: 'good', subject: 'store', message: 'its tables are up to date' },
      expect.objectContaining({ status: 'good', message: expect.stringContaining('its clock is ') }),
    ]);
    await database.query('delete from fastauth_schema where version > 6');
    const wrong = `--import=${resolve('test/support/wrong-clock.mjs')}`;
    const [, tables, clock] = await doctor({ NODE_OPTIONS: wrong, CLOCK_AHEAD: '60' });
    expect(tables).toMatchObject({
      status: 'warning',
      message: expect.stringMatching(/^its tables lack 7-unknown-beginnings\b/),
    });
    expect(clock).toMatchObject({
      status: 'bad',
      message: expect.stringMatching(
        /^its clock is (?:59|60)\.\d s behind this machine's; clock-tolerance is 5 s$/,
      ),
    });
  });
});

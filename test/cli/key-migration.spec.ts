import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import { KeySetFile } from '../../src/config/key-set-file.js';
import { runCli } from '../support/run-cli.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';
import { Terminal } from '../support/terminal.js';

describe('fastauth keys rotate --migrate', () => {
  let folder: string;
  const env = {
    CRYPTOGRAPHY_KEY: 'the cryptography key of this test, long enough',
    KEY_SET_FILE: 'keys.json',
    FASTAUTH_DATABASE_URL: 'lmdb:sessions',
  };
  beforeEach(() => {
    folder = temporaryFolder();
  });
  afterAll(removeTemporaryFolders);

  it('shows on a terminal how far sessions have moved, and goes on where it was killed', async () => {
    const move = (client: string) => runCli(['token', 'new', '--client-id', client], { cwd: folder, env });
    const file = new KeySetFile(join(folder, 'keys.json'));
    for (const client of ['a', 'b']) await move(client);
    const migrate = () => Terminal.run('keys rotate --after 5 --migrate', folder, env);

    const first = migrate();
    await first.shows(/\r\[\.{30}\] 0\/2 sessions moved/);
    await move('a');
    await first.shows(/\r\[#{15}\.{15}\] 1\/2 sessions moved/);
    first.kill();
    expect(await first.ended).not.toBe(0);
    expect((await file.readDocument()).keys).toHaveLength(1);
    expect((await file.readDocument()).retired).toBeUndefined();

    const second = migrate();
    await second.shows(/\r\[#{15}\.{15}\] 1\/2 sessions moved/);
    await move('b');
    await second.shows(/Every session has moved\. Retired: \S+\./);
    expect(await second.ended).toBe(0);
    expect(second.output).toMatch(/\r\[#{30}\] 2\/2 sessions moved\r?\n/);
    expect((await file.readDocument()).keys).toHaveLength(1);
    expect(Object.keys((await file.readDocument()).retired ?? {})).toHaveLength(1);
  }, 60_000);

  it('follows sessions until they have moved, and goes on where it was killed', async () => {
    await runCli(['token', 'new', '--client-id', 'a'], { cwd: folder, env });
    const migrate = () =>
      spawn(process.execPath, [resolve('dist/cli/main.js'), 'keys', 'rotate', '--after', '5', '--migrate'], {
        cwd: folder,
        env: { PATH: process.env['PATH'], ...env },
      });
    const killed = migrate();
    for (let tries = 0; tries < 200 && !readdirSync(folder).includes('keys.json'); tries++) await sleep(50);
    killed.kill('SIGKILL');
    const { keys: announced } = await new KeySetFile(join(folder, 'keys.json')).readDocument();
    expect(announced).toHaveLength(1);
    while (Date.now() / 1000 < Number(announced[0]?.signing_from)) await sleep(100);

    const second = migrate();
    let said = '';
    second.stderr.on('data', (chunk) => (said += String(chunk)));
    second.stdout.on('data', (chunk) => (said += String(chunk)));
    const ended = new Promise((done) => second.once('close', done));
    for (let tries = 0; tries < 200 && !said.includes('0/1 sessions moved'); tries++) await sleep(50);
    expect(said).toContain('0/1 sessions moved');
    await runCli(['token', 'new', '--client-id', 'a'], { cwd: folder, env });
    expect(await ended).toBe(0);
    expect(said).toMatch(/Every session has moved\. Retired: \S+\./);
    expect((await new KeySetFile(join(folder, 'keys.json')).readDocument()).keys).toHaveLength(1);
  }, 60_000);
});

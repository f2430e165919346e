import { spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import { KeySetFile } from '../../src/config/key-set-file.js';
import { runCli, type CliRun } from '../support/run-cli.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';

const SECRET = 'the cryptography key of this test, long enough';

describe('fastauth keys, for a ring', () => {
  let folder: string;
  const env = { CRYPTOGRAPHY_KEY: SECRET, KEY_SET_FILE: 'keys.json', FASTAUTH_DATABASE_URL: 'lmdb:sessions' };
  const keys = (args: string, input = ''): Promise<CliRun> =>
    runCli(['keys', ...args.split(' ')], { cwd: folder, env, input });
  const json = async (args: string, input = '') => {
    const { stdout } = await keys(`${args} --json`, input);
    // oxlint-disable-next-line typescript/no-explicit-any -- answers of several commands
    return JSON.parse(stdout) as any;
  };
  beforeEach(() => {
    folder = temporaryFolder();
  });
  afterAll(removeTemporaryFolders);

  it('announces a key beside the single one, once; lists both; retires what no session needs', async () => {
    const one = JSON.parse(
      (await runCli(['token', 'new', '--client-id', 'a', '--json'], { cwd: folder, env })).stdout,
    ) as { access_token: string };
    const runs = await Promise.all([keys('rotate --json'), keys('rotate --json')]);
    expect(runs.map(({ code }) => code).sort()).toEqual([0, 1]);
    expect(runs.find(({ code }) => code === 1)?.stderr).toMatch(
      /^fastauth: A rotation is under way: \S+ signs from 20/,
    );
    expect(statSync(join(folder, 'keys.json')).mode & 0o777).toBe(0o600);
    const listed = await json('list');
    expect(listed.keys).toMatchObject([
      { algorithm: 'HS256', status: 'next', sessions: 0, source: expect.stringContaining('keys.json') },
      { algorithm: 'HS256', status: 'signing', sessions: 1, source: 'cryptography-key' },
    ]);
    const [next, single] = listed.keys.map(({ kid }: { kid: string }) => kid) as [string, string];
    expect(await keys(`retire ${single}`)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('signs'),
    });
    expect(await keys('retire nobody')).toMatchObject({ code: 2 });

    // As if a minute had passed.
    const file = new KeySetFile(join(folder, 'keys.json'));
    await file.update((document) => ({
      ...document,
      keys: document.keys.map((key) => ({ ...key, signing_from: Date.now() / 1000 - 60 })),
    }));
    const refused = await keys(`retire ${single}`);
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toMatch(new RegExp(`^fastauth: 1 live session needs ${single} until 20`));
    await runCli(['token', 'new', '--client-id', 'a'], { cwd: folder, env });
    expect(await json(`retire ${single}`)).toEqual({ kid: single, refused_from: expect.any(Number) });
    expect((await file.readDocument()).retired).toEqual({ [single]: expect.any(Number) });
    const { stdout } = await keys('list');
    expect(stdout).toMatch(new RegExp(`^${next}  HS256  signing +1 session `, 'm'));
    expect(stdout).toMatch(new RegExp(`^${single}  HS256  verify-only +0 sessions +until 20`, 'm'));
    for (const text of [stdout, JSON.stringify(listed), JSON.stringify(runs)]) {
      expect(text).not.toContain(SECRET);
      expect(text).not.toContain(one.access_token);
    }
  }, 60_000);

  it('imports a JWK, a PEM key and a text, and refuses what fits none', async () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const pem = String(privateKey.export({ format: 'pem', type: 'pkcs8' }));
    expect(await keys('import -', pem)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--algorithm'),
    });
    expect(await json('import - --algorithm ES256 --kid pem', pem)).toEqual({ kids: ['pem'] });
    expect(await keys('import - --algorithm ES256 --kid pem', pem)).toMatchObject({ code: 3 });
    const jwk = {
      ...generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' }),
      alg: 'EdDSA',
      kid: 'jwk',
    };
    writeFileSync(join(folder, 'set.json'), JSON.stringify({ keys: [jwk] }));
    expect(await json('import set.json --status next')).toEqual({ kids: ['jwk'] });
    expect(await json('import - --kid text', 'an old secret of ours, thirty-two bytes long')).toEqual({
      kids: ['text'],
    });
    for (const [input, args] of [
      ['<your-key>', 'import -'],
      ['{"kty":"oct","k":"AAAA"}', 'import -'],
      [pem, 'import - --algorithm EdDSA'],
      [pem, 'import - --algorithm HS256'],
    ] as const) {
      const { code, stderr } = await keys(args, input);
      expect([1, 2]).toContain(code);
      expect(stderr).not.toContain('AAAA');
    }
    expect((await json('list')).keys).toMatchObject([
      { kid: 'pem', status: 'verify-only' },
      { kid: 'jwk', status: 'next' },
      { kid: 'text', status: 'verify-only' },
      { status: 'signing', source: 'cryptography-key' },
    ]);
  }, 60_000);

  it.each([
    ['jwe', /Make a secret .* rotate --algorithm HS256, or an encryption key: .* rotate --algorithm ECDH-ES/],
    ['opaque', /Make a secret that takes its place first: fastauth keys rotate --algorithm HS256/],
  ])(
    'keeps a secret that %s tokens still need after another key has come to sign',
    async (format, advice) => {
      writeFileSync(join(folder, 'fastauth.config.json'), JSON.stringify({ 'token-format': format }));
      const file = new KeySetFile(join(folder, 'keys.json'));
      const passAMinute = () =>
        file.update((document) => ({
          ...document,
          keys: document.keys.map((key) => ({ ...key, signing_from: Number(key.signing_from) - 66 })),
        }));
      const single = (await json('list')).keys[0].kid as string;
      expect((await keys('rotate --algorithm EdDSA')).code).toBe(0);
      await passAMinute();
      expect((await json('list')).keys).toMatchObject([
        { algorithm: 'EdDSA', status: 'signing' },
        { kid: single, status: 'verify-only' },
      ]);
      const refused = await keys(`retire ${single}`);
      expect(refused).toMatchObject({ code: 2, stderr: expect.stringMatching(advice) });
      expect((await keys('rotate --migrate')).code).toBe(2);

      if (format === 'opaque') return;
      // Announced like any other: what is encrypted now was derived from the secret.
      expect((await json('rotate --algorithm ECDH-ES')).signing_from).toBeGreaterThan(Date.now() / 1000 + 50);
      await passAMinute();
      expect((await keys('list')).stdout).toMatch(/ECDH-ES +signing +sessions not known/);
      expect(await keys(`retire ${single}`)).toMatchObject({
        code: 1,
        stderr: expect.stringMatching(/tokens of it may live until 20/),
      });
    },
    60_000,
  );

  it('makes the folder that the key set file is to be in, for its owner alone', async () => {
    const { code } = await runCli(['keys', 'rotate'], {
      cwd: folder,
      env: { ...env, KEY_SET_FILE: 'keys/of/ours/keys.json' },
    });
    expect(code).toBe(0);
    expect(statSync(join(folder, 'keys')).mode & 0o777).toBe(0o700);
    expect(statSync(join(folder, 'keys/of/ours/keys.json')).mode & 0o777).toBe(0o600);
  });

  it('says what to set where there is no file to write to', async () => {
    const { code, stderr } = await runCli(['keys', 'rotate'], {
      cwd: folder,
      env: { CRYPTOGRAPHY_KEY: SECRET },
    });
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: expect.stringContaining('Set it, for example "key-set-file"'),
    });
    expect((await runCli(['keys', 'rotate', '--after', '1'], { cwd: folder, env })).code).toBe(2);
  });

  it('leaves a file that can be read, whenever it is killed, and lets the next run write', async () => {
    const path = join(folder, 'keys.json');
    const file = new KeySetFile(path);
    let before = 0;
    for (const delay of [150, 300, 450, 600, 800, 1000]) {
      const child = spawn(
        process.execPath,
        [resolve('dist/cli/main.js'), 'keys', 'import', '-', '--kid', `k${delay}`],
        {
          cwd: folder,
          env: { PATH: process.env['PATH'], ...env },
        },
      );
      child.stdin.end(`a secret of this test, thirty-two bytes ${delay}`);
      const ended = new Promise((done) => child.once('close', done));
      await sleep(delay);
      child.kill('SIGKILL');
      await ended;
      const { keys: now } = await file.readDocument();
      expect(now.length - before).toBeGreaterThanOrEqual(0);
      before = now.length;
    }
    await Promise.all([keys('import - --kid one', `${SECRET} 1`), keys('import - --kid two', `${SECRET} 2`)]);
    expect((await file.read()).keys).toHaveLength(before + 2);
    expect(readFileSync(path, 'utf8')).toContain('"kid": "two"');
  }, 60_000);
});

import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runCli, type CliRun } from '../support/run-cli.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';
import { Terminal } from '../support/terminal.js';

describe('fastauth', () => {
  let folder: string;
  const fastauth = (
    args: string,
    options: { input?: string; env?: NodeJS.ProcessEnv; umask?: string } = {},
  ): Promise<CliRun> => runCli(args.split(' '), { cwd: folder, ...options });
  const read = (name: string): string => readFileSync(join(folder, name), 'utf8');
  beforeEach(() => {
    folder = temporaryFolder();
  });
  afterAll(removeTemporaryFolders);

  it.each(['', 'init ', 'keys generate ', 'keys hash ', 'token new ', 'token inspect ', 'config check '])(
    'explains itself: %s--help',
    async (command) => {
      const { code, stdout } = await fastauth(`${command}--help`);
      expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringContaining('Usage: fastauth') });
    },
  );

  it.each([
    'keys',
    'no-such-command',
    'keys generate --no-such-option',
    'token new --claims [1]',
    'token new --expires-in 1.5',
    'token new --expires-in 99999999999',
  ])('says what is wrong with: %s', async (command) => {
    const { code, stderr } = await fastauth(command);
    expect(code).toBe(2);
    expect(stderr).toMatch(/Usage:|error:/);
  });

  it('tells its version', async () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
    expect(await fastauth('--version')).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
  });

  describe('init', () => {
    it.each([
      ['{"name": "@acme/orders"}', '@acme/orders'],
      ['{"version": "1.0.0"}', 'fastauth'],
      ['no JSON', 'fastauth'],
    ])('names the application as package.json does: %s', async (content, name) => {
      writeFileSync(join(folder, 'package.json'), content);
      expect(await fastauth('init')).toMatchObject({ code: 0 });
      expect(JSON.parse(read('fastauth.config.json'))).toMatchObject({ 'app-name': name });
    });

    it('makes a configuration that works, and keeps what is there when run again', async () => {
      writeFileSync(join(folder, '.gitignore'), 'node_modules/');
      const first = await fastauth('init --json');
      expect(first).toMatchObject({ code: 0, stderr: '' });
      expect(JSON.parse(first.stdout)).toEqual({
        'fastauth.config.json': 'made',
        'CRYPTOGRAPHY_KEY in .env': 'made',
        'MASTER_TOKEN in .env': 'made',
        '.env in .gitignore': 'made',
        '.fastauth/ in .gitignore': 'made',
      });
      expect(read('.gitignore')).toBe('node_modules/\n.env\n.fastauth/\n');
      expect(statSync(join(folder, '.env')).mode & 0o777).toBe(0o600);
      expect(read('.env')).toMatch(/^CRYPTOGRAPHY_KEY=[\w-]{43}=\nMASTER_TOKEN=[\w-]{43}=\n$/);
      expect(await fastauth('config check')).toMatchObject({
        code: 0,
        stdout: expect.stringContaining('The configuration is good.'),
      });
      const before = ['.env', '.gitignore', 'fastauth.config.json'].map(read);
      const second = await fastauth('init');
      expect(second.stdout.match(/: kept/g)).toHaveLength(5);
      expect(['.env', '.gitignore', 'fastauth.config.json'].map(read)).toEqual(before);
    });

    it.each(['000', '022', '077'])('gives its files their modes under the umask %s', async (umask) => {
      await fastauth('init', { umask });
      const modes = ['fastauth.config.json', '.gitignore', '.env'].map((name) =>
        (statSync(join(folder, name)).mode & 0o777).toString(8),
      );
      expect(modes).toEqual(['644', '644', '600']);
    });

    it('shows no key', async () => {
      const { stdout, stderr } = await fastauth('init');
      const keys = [...read('.env').matchAll(/=([\w-]{43}=)/g)].map(([, key]) => key as string);
      expect(keys).toHaveLength(2);
      for (const key of keys) expect(stdout + stderr).not.toContain(key);
    });
  });

  it.each(['init', 'config check'])('%s warns of a .env that others can read', async (command) => {
    await fastauth('init');
    for (const mode of [0o600, 0o640, 0o644]) {
      chmodSync(join(folder, '.env'), mode);
      const { code, stdout } = await fastauth(command);
      const warning = `warning: .env is open to others than its owner (mode ${mode.toString(8)}); run "chmod 600" on it`;
      expect([mode, code, stdout.includes(warning)]).toEqual([mode, 0, mode === 0o644]);
      const { warnings = [] } = JSON.parse((await fastauth(`${command} --json`)).stdout);
      expect(warnings).toHaveLength(mode === 0o644 ? 1 : 0);
    }
  });

  describe('keys generate', () => {
    it('writes a key once, keeps it without a terminal, and replaces it by force', async () => {
      expect(await fastauth('keys generate')).toMatchObject({ code: 0 });
      const [first] = read('.env').split('\n');
      const kept = await fastauth('keys generate --json');
      expect(kept).toMatchObject({ code: 3 });
      expect(JSON.parse(kept.stdout)).toEqual({ name: 'CRYPTOGRAPHY_KEY', envFile: '.env', result: 'kept' });
      expect(read('.env')).toBe(`${first}\n`);
      const forced = await fastauth('keys generate --force');
      expect(forced.code).toBe(0);
      expect(read('.env')).not.toContain(first);
      expect(forced.stdout).not.toContain(read('.env').split('=')[1]);
    });

    it.each([
      ['y', 'y\n', 0],
      ['YES', 'YES\n', 0],
      ['n', 'n\n', 3],
      ['nothing', '\n', 3],
      ['Ctrl-C', '\u0003', 3],
      ['Ctrl-D', '\u0004', 3],
    ])('asks on a terminal, and replaces a key after a yes alone: %s', async (_name, answer, code) => {
      await fastauth('keys generate');
      const before = read('.env');
      const terminal = Terminal.run('keys generate', folder, {});
      await terminal.shows(/\[y\/N\] /);
      terminal.type(answer);
      expect(await terminal.ended).toBe(code);
      expect(read('.env') === before).toBe(code === 3);
      expect(terminal.output).toContain(code === 3 ? 'it was kept' : 'a new key was written');
    });

    it('makes the file that is named', async () => {
      expect(await fastauth('keys generate --dotenv deploy.env')).toMatchObject({ code: 0, stderr: '' });
      expect(read('deploy.env')).toMatch(/^CRYPTOGRAPHY_KEY=[\w-]{43}=\n$/);
      expect(await fastauth('keys generate --master --dotenv deploy.env')).toMatchObject({ code: 0 });
      const checked = await fastauth('config check --dotenv deploy.env --json');
      expect(checked).toMatchObject({ code: 0, stderr: '' });
      expect(JSON.parse(checked.stdout)).toMatchObject({ warnings: [] });
    });

    it('prints one and writes nothing when asked to', async () => {
      const { stdout, code } = await fastauth('keys generate --print');
      expect(code).toBe(0);
      expect(stdout).toMatch(/^[\w-]{43}=\n$/);
      expect(() => read('.env')).toThrow('ENOENT');
    });

    it('makes a master token, and its hash for the configuration', async () => {
      expect(await fastauth('keys generate --master')).toMatchObject({ code: 0 });
      expect(read('.env')).toMatch(/^MASTER_TOKEN=[\w-]{43}=\n$/);
      const { token, hash } = JSON.parse((await fastauth('keys generate --master --hash --json')).stdout);
      expect(await fastauth('keys hash', { input: `${token}\n` })).toEqual({
        code: 0,
        stdout: `${hash}\n`,
        stderr: '',
      });
      expect(hash).toMatch(/^sha256:[0-9a-f]{64}$/);
      writeFileSync(
        join(folder, 'fastauth.config.json'),
        JSON.stringify({ 'master-tokens': [{ name: 'ops', hash, 'expires-at': '2030-01-01' }] }),
      );
      const checked = await fastauth('config check');
      expect(checked.code).toBe(0);
      expect(checked.stdout).not.toContain(hash);
      expect(await fastauth('keys generate --hash')).toMatchObject({ code: 2, stdout: '' });
      expect(await fastauth('keys hash', { input: ' ' })).toMatchObject({ code: 2, stdout: '' });
    });

    it('refuses a name that is none', async () => {
      const { code, stderr } = await fastauth('keys generate --name 1X');
      expect({ code, stderr }).toEqual({
        code: 1,
        stderr: expect.stringContaining('is no name for a variable'),
      });
    });

    it('lets one of two simultaneous runs win, and tells the other', async () => {
      const runs = await Promise.all([fastauth('keys generate'), fastauth('keys generate')]);
      expect(runs.map(({ code }) => code).sort()).toEqual([0, 3]);
    });
  });

  describe('token', () => {
    beforeEach(async () => {
      await fastauth('init');
    });

    it('issues, inspects, and tells a superseded token', async () => {
      const one = JSON.parse(
        (await fastauth('token new --client-id sensor --claims {"site":"north"} --json')).stdout,
      );
      expect(one).toMatchObject({ client_id: 'sensor' });
      const good = await fastauth('token inspect', { input: `${one.access_token}\n` });
      expect(good).toMatchObject({ code: 0, stderr: '' });
      expect(good.stdout).toMatch(/^good: an access token of "sensor"\n[^]*site: "north"/);
      const refresh = await fastauth('token inspect', { input: one.refresh_token });
      expect(refresh.stdout).toMatch(/^good: a refresh token of "sensor"\n/);
      expect(good.stdout).not.toContain(one.access_token);
      await fastauth('token new --client-id sensor');
      const old = await fastauth('token inspect --json', { input: one.access_token });
      expect(old.code).toBe(1);
      expect(JSON.parse(old.stdout)).toMatchObject({ active: false, reason: 'The token is not current' });
    });

    it('shows what a token says without what moves the cursor, turns the writing or cannot be seen', async () => {
      const claims = {
        note: '\u001b[2J\u0085\u202egood\u2066\u200b\u2028',
        '\u001b]0;x\u0007': 1,
        emoji: '🗝',
      };
      const issued = await runCli(['token', 'new', '--claims', JSON.stringify(claims), '--json'], {
        cwd: folder,
      });
      const { access_token: input } = JSON.parse(issued.stdout);
      const { stdout } = await fastauth('token inspect', { input });
      expect(stdout).not.toMatch(/[^\P{C}\n]/u);
      expect(stdout).toContain(String.raw`note: "\u001b[2J\u0085\u202egood\u2066\u200b\u2028"`);
      expect(stdout).toContain(String.raw`\u001b]0;x\u0007: 1`);
      expect(stdout).toContain('emoji: "🗝"');
      const asJson = await fastauth('token inspect --json', { input });
      expect(asJson.stdout).not.toMatch(/[^\P{C}\n]/u);
      expect(JSON.parse(asJson.stdout).claims).toMatchObject(claims);
    });

    it.each([
      ['', 'Invalid token format'],
      ['x.y.z', 'Invalid token'],
      ['eyJhbGciOiJub25lIn0.e30.', 'Invalid token'],
    ])('tells what is wrong with %j', async (input, reason) => {
      const { code, stdout } = await fastauth('token inspect', { input });
      expect({ code, stdout }).toEqual({ code: 1, stdout: expect.stringContaining(reason) });
    });

    it('says what is missing', async () => {
      writeFileSync(join(folder, '.env'), '');
      const { code, stderr } = await fastauth('token new');
      expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('no cryptography-key') });
      const memory = await fastauth('token new', {
        env: { CRYPTOGRAPHY_KEY: 'k'.repeat(32), FASTAUTH_DATABASE_URL: 'memory:' },
      });
      expect(memory).toMatchObject({ code: 2, stderr: expect.stringContaining('memory:') });
    });

    it('refuses claims that are not free', async () => {
      const { code, stderr } = await fastauth('token new --claims {"exp":1}');
      expect(code).toBe(1);
      expect(stderr).toContain('exp');
    });
  });

  describe('store migrate', () => {
    it('says which store needs no tables, and how to name the one that was meant', async () => {
      const env = { DATABASE_URL: 'postgres://user:hunter2@127.0.0.1:1/app' };
      const { code, stdout } = await fastauth('store migrate', { env });
      expect({ code, stdout }).toEqual({
        code: 0,
        stdout:
          'The lmdb: store needs no tables.\n' +
          'To name another, set database-url or FASTAUTH_DATABASE_URL; DATABASE_URL is not read.\n',
      });
      const named = await fastauth('store migrate', { env: { FASTAUTH_DATABASE_URL: 'lmdb:sessions' } });
      expect(named.stdout).toBe('The lmdb: store needs no tables.\n');
      const json = JSON.parse((await fastauth('store migrate --json')).stdout);
      expect(json).toEqual({ store: 'lmdb', steps: [] });
    });

    it('says why where the database is out of reach, and answers programs in JSON alone', async () => {
      const env = { FASTAUTH_DATABASE_URL: 'postgres://user:hunter2@127.0.0.1:1/app' };
      const { code, stdout, stderr } = await fastauth('store migrate --json', { env });
      expect(code).toBe(1);
      expect(JSON.parse(stdout)).toEqual({
        status: 'error',
        message: expect.stringContaining('ECONNREFUSED'),
      });
      expect(stderr).toContain('ECONNREFUSED');
      expect(stdout + stderr).not.toContain('hunter2');
    });
  });

  describe('config check', () => {
    it('names every fault, without showing a value of a secret', async () => {
      writeFileSync(
        join(folder, 'fastauth.config.json'),
        JSON.stringify({ 'acess-token-paths': ['/a'], 'refresh-grace': -1, 'master-token': 'sEcReT\n' }),
      );
      const { code, stdout, stderr } = await fastauth('config check --json');
      expect(code).toBe(2);
      expect(JSON.parse(stdout).faults).toHaveLength(3);
      expect(stderr).toContain('access-token-paths');
      expect(stdout + stderr).not.toContain('sEcReT');
    });

    it('says in an empty folder that nothing is configured, and which secrets are not set', async () => {
      const { stdout, code } = await fastauth('config check');
      expect(code).toBe(2);
      expect(stdout).toContain(`neither ${join(folder, 'fastauth.config.json')} nor ${join(folder, '.env')}`);
      expect(stdout).not.toContain('good');
      const names = ['master-token', 'master-tokens', 'cryptography-key', 'cryptography-keys'];
      for (const name of names) expect(stdout).toMatch(new RegExp(`^${name}: not set$`, 'm'));
      expect(stdout).toMatch(/^failed-attempts-store: "memory:"$/m);
      expect(stdout).not.toContain('[redacted]');
    });

    it('shows what has no limit as it is written', async () => {
      const unlimited = { 'sessions-per-client': 'unlimited' };
      writeFileSync(join(folder, 'fastauth.config.json'), JSON.stringify(unlimited));
      expect(JSON.parse((await fastauth('config check --json')).stdout).config).toMatchObject(unlimited);
    });

    it('shows the configuration without its secrets', async () => {
      const { stdout, code } = await fastauth('config check', {
        env: {
          MASTER_TOKEN: 'm-sEcReT-of-enough-length',
          FASTAUTH_DATABASE_URL: 'http://user:sEcReT@host/x',
        },
      });
      expect(code).toBe(0);
      expect(stdout).not.toContain('sEcReT');
      expect(stdout).toContain('warning: cryptography-key is not set');
    });

    it('says of each value that is set where it was set', async () => {
      writeFileSync(join(folder, 'fastauth.config.json'), JSON.stringify({ 'refresh-grace': 7 }));
      writeFileSync(join(folder, '.env'), 'MASTER_TOKEN=a-master-token-of-this-test\n', { mode: 0o600 });
      const env = { FASTAUTH_DATABASE_URL: 'memory:' };
      const { stdout } = await fastauth('config check', { env });
      expect(stdout).toContain('master-token: "[redacted]", by "MASTER_TOKEN" (.env)\n');
      expect(stdout).toContain('refresh-grace: 7, by "refresh-grace" (fastauth.config.json)\n');
      expect(stdout).toMatch(
        /database-url: "memory:.*", by "FASTAUTH_DATABASE_URL" \(process environment\)\n/,
      );
      expect(stdout).toMatch(/default-access: "public"\n/);
      const { origins } = JSON.parse((await fastauth('config check --json', { env })).stdout);
      expect(origins).toEqual({
        'master-token': '"MASTER_TOKEN" (.env)',
        'refresh-grace': '"refresh-grace" (fastauth.config.json)',
        'database-url': '"FASTAUTH_DATABASE_URL" (process environment)',
      });
    });

    it('reads another file when told to', async () => {
      const { code, stderr } = await fastauth('config check --config no-such.json');
      expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('no-such.json') });
    });
  });
});

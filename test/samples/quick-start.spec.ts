import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ADAPTERS } from '../support/app.js';
import { copySample, SampleProcess } from '../support/sample-process.js';
import { TestSocket } from '../support/sockets.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';

const run = promisify(execFile);

describe.each(ADAPTERS)('the quick start on %s', (adapter) => {
  let running: SampleProcess | undefined;
  afterEach(async () => {
    await running?.stop('SIGKILL');
    running = undefined;
  });
  afterAll(removeTemporaryFolders);

  const start = async (main: string, cwd: string, env: NodeJS.ProcessEnv = {}): Promise<SampleProcess> =>
    (running = await SampleProcess.start(main, cwd, { HTTP_ADAPTER: adapter, ...env }));
  const statusOf = async (path: string, headers: Record<string, string> = {}): Promise<number> =>
    (await fetch(running?.url + path, { headers })).status;

  it('makes its keys, prints lines that work when pasted, and accepts its tokens after a restart', async () => {
    const folder = temporaryFolder();
    const main = copySample('01-quick-start', folder);
    const first = await start(main, folder);

    const envFile = join(folder, 'sample/01-quick-start/.env');
    expect(statSync(envFile).mode & 0o777).toBe(0o600);
    const keys = [...readFileSync(envFile, 'utf8').matchAll(/^\w+=(.+)$/gm)].map(([, key]) => key as string);
    expect(keys).toHaveLength(2);
    for (const key of keys) expect(first.output).not.toContain(key);

    expect(first.pasteLines).toHaveLength(3);
    const { stdout } = await run('bash', ['-c', first.pasteLines.join('\necho; ')]);
    const [issued, whoami, refreshed] = stdout
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line));
    expect(issued).toMatchObject({ status: 'success', message: 'Token generated', code: 200 });
    expect(whoami).toMatchObject({ level: 'access', clientId: issued.data.client_id });
    expect(refreshed.data.client_id).toBe(issued.data.client_id);
    expect(refreshed.data.access_token).not.toBe(issued.data.access_token);

    const access = { 'ACCESS-TOKEN': refreshed.data.access_token };
    const master = { 'MASTER-TOKEN': keys[1] as string };
    // Nest ends a process by the signal that it got, once everything is closed.
    expect(await first.stop()).toBe('SIGTERM');
    const second = await start(main, folder);
    expect(second.output).not.toContain('Made a');
    expect(await statusOf('/whoami', access)).toBe(200);

    const statuses = Object.fromEntries(
      await Promise.all(
        [
          '/health',
          '/accessories',
          '/access/health',
          '/master/health',
          '/whoami',
          '/admin/whoami',
          '/docs',
          '/docs-json',
        ].map(async (path) => [
          path,
          [await statusOf(path), await statusOf(path, access), await statusOf(path, master)],
        ]),
      ),
    );
    expect(statuses).toEqual({
      '/health': [200, 200, 200],
      '/accessories': [200, 200, 200],
      '/access/health': [401, 200, 401],
      '/master/health': [401, 401, 200],
      '/whoami': [401, 200, 401],
      '/admin/whoami': [401, 401, 200],
      '/docs': [200, 200, 200],
      '/docs-json': [200, 200, 200],
    });

    const accepted = { status: 'success', detail: 'Connected: Connection Accepted' };
    for (const [path, headers] of [
      ['/ws/access', access],
      ['/ws/master', master],
    ] as const) {
      const socket = TestSocket.open(second.url + path, { headers });
      expect(await socket.frame(0)).toEqual(accepted);
      socket.send('hello');
      expect(await socket.frame(1)).toBe('Received query: hello');
      socket.close();
      expect(await TestSocket.open(second.url + path).closed()).toBe(1008);
    }
  });

  it('makes no keys by itself in production', async () => {
    const folder = temporaryFolder();
    const main = copySample('01-quick-start', folder);
    const { output, url } = await start(main, folder, { NODE_ENV: 'production' });
    expect(existsSync(join(folder, 'sample/01-quick-start/.env'))).toBe(false);
    expect(output).toContain('cryptography-key is not set');
    expect(
      (await fetch(`${url}/auth/token/new`, { method: 'POST', headers: { 'MASTER-TOKEN': '' } })).status,
    ).toBe(401);
  });

  it('takes its keys, prefix and store from the environment', async () => {
    const folder = temporaryFolder();
    const main = copySample('01-quick-start', folder);
    const env = {
      MASTER_TOKEN: 'a-master-token-of-this-test',
      CRYPTOGRAPHY_KEY: 'a cryptography key of this test, long enough',
      GLOBAL_PREFIX: 'api',
      DATABASE_URL: 'memory:',
    };
    const { pasteLines } = await start(main, folder, env);
    const { stdout } = await run('bash', ['-c', pasteLines.slice(0, 2).join('\necho; ')], {
      env: { ...process.env, ...env },
    });
    expect(stdout).toContain('"level":"access"');
    expect(await statusOf('/api/access/health')).toBe(401);
    expect(await statusOf('/api/health')).toBe(200);
    expect(existsSync(join(folder, '.fastauth'))).toBe(false);
  });

  it('says what is wrong with its configuration and does not start', async () => {
    const folder = temporaryFolder();
    const main = copySample('01-quick-start', folder);
    await expect(start(main, folder, { FASTAUTH_CONFIG: join(folder, 'none.json') })).rejects.toThrow(
      /none\.json.*is not there/s,
    );
  });
});

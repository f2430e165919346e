import { beforeAll, expect, it, jest } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { basic } from '../support/oauth-clients.js';
import { runCli } from '../support/run-cli.js';
import { describeServerPairs } from '../support/server-pairs.js';
import { TestSocket } from '../support/sockets.js';
import { temporaryFolder } from '../support/temporary-folder.js';

jest.setTimeout(120_000);

/** The promise: told and closed in under a second. */
const BOUND_MS = 1000;

const settings = () => ({ tokenEndpoint: true });

/** The command runs in a third process, on the same store. */
await describeServerPairs('sockets of a client that is disabled', settings, (pair) => {
  let folder: string;
  beforeAll(() => {
    folder = temporaryFolder();
    const config = { 'app-name': pair.appName, 'database-url': pair.databaseUrl, 'token-endpoint': true };
    writeFileSync(join(folder, 'fastauth.config.json'), JSON.stringify(config));
  });

  const command = async (...args: string[]): Promise<Record<string, unknown>> => {
    const { code, stdout, stderr } = await runCli(['client', ...args, '--json'], { cwd: folder, env: {} });
    expect({ code, stderr }).toMatchObject({ code: 0 });
    return JSON.parse(stdout) as Record<string, unknown>;
  };

  it('"fastauth client disable" closes them, at every process', async () => {
    const clientId = randomUUID();
    const { client_secret: secret } = await command('add', '--client-id', clientId);
    const enter = async (at: string, from: string): Promise<TestSocket> => {
      const answer = await fetch(`${from}/auth/token`, {
        method: 'POST',
        headers: basic(clientId, String(secret)),
        body: new URLSearchParams({ grant_type: 'client_credentials' }),
      });
      const { access_token: token } = (await answer.json()) as { access_token: string };
      const socket = TestSocket.open(`${at}/live`, { headers: { authorization: `Bearer ${token}` } });
      expect(await socket.frame(0)).toEqual({ event: 'hello' });
      return socket;
    };
    const [one = '', other = ''] = pair.urls;
    const sockets = [await enter(one, one), await enter(one, other), await enter(other, one)];
    // The command may take longer to start than a socket is waited for.
    const closed = sockets.map(async ({ socket }) => once(socket, 'close').then(() => Date.now()));
    expect(await command('disable', clientId)).toMatchObject({ ended: 3 });
    const since = Date.now();
    for (const [n, socket] of sockets.entries()) {
      expect(((await closed[n]) ?? Infinity) - since).toBeLessThan(BOUND_MS);
      expect([socket.closeCode, socket.closeReason]).toEqual([1008, 'session_revoked']);
    }
  });
});

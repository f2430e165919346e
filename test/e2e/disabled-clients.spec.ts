import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SqlTokenStore } from '../../src/stores/sql/sql.store.js';
import { JsonChild } from '../support/child-process.js';
import { compile, type CompiledFiles } from '../support/compile.js';
import { basic } from '../support/oauth-clients.js';
import { redisAppName, removeRedisApps } from '../support/redis-apps.js';
import { runCli } from '../support/run-cli.js';
import { describeWith, serviceUrl } from '../support/services.js';
import { TestSocket } from '../support/sockets.js';
import { type OwnDatabase, ownPostgres } from '../support/sql-databases.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';

jest.setTimeout(120_000);

/** The promise: told and closed in under a second. */
const BOUND_MS = 1000;

let files: CompiledFiles;
beforeAll(async () => {
  files = await compile('test/support/socket-server.ts');
});
afterAll(async () => {
  files.remove();
  removeTemporaryFolders();
  await removeRedisApps();
});

/** Two applications in processes of their own, and the command in a third, on one store. */
function endsSocketsOfDisabledClients(databaseUrl: () => string, appName: string): void {
  const children: JsonChild[] = [];
  const urls: string[] = [];
  let folder: string;

  beforeAll(async () => {
    folder = temporaryFolder();
    const config = { 'app-name': appName, 'database-url': databaseUrl(), 'token-endpoint': true };
    writeFileSync(join(folder, 'fastauth.config.json'), JSON.stringify(config));
    for (let n = 0; n < 2; n++) {
      const settings = JSON.stringify({ tokenEndpoint: true });
      const child = new JsonChild(process.execPath, [files.entry, databaseUrl(), appName, 'ws', settings]);
      children.push(child);
      urls.push((await child.next<{ url: string }>())?.url ?? 'it did not start');
    }
  });
  afterAll(() => Promise.all(children.splice(0).map((child) => child.kill())));

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
    const [one = '', other = ''] = urls;
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
}

describe('sockets of a client that is disabled, on LMDB', () => {
  const folder = join(temporaryFolder(), 'store');
  endsSocketsOfDisabledClients(() => `lmdb:${folder}`, `clients-${randomUUID()}`);
});

(await describeWith('Redis'))('sockets of a client that is disabled, on Redis', () => {
  endsSocketsOfDisabledClients(() => serviceUrl('Redis'), redisAppName(serviceUrl('Redis')));
});

(await describeWith('PostgreSQL'))('sockets of a client that is disabled, on PostgreSQL', () => {
  let database: OwnDatabase;
  beforeAll(async () => {
    database = await ownPostgres();
    await new SqlTokenStore({ url: database.url }).migrate();
  });
  endsSocketsOfDisabledClients(() => database.url, `clients-${randomUUID()}`);
  // After the processes have ended.
  afterAll(() => database.drop());
});

import { cpSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { freePort } from '../support/documented-app.js';
import { runCli } from '../support/run-cli.js';
import { copySample, SampleProcess } from '../support/sample-process.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';

const MASTER_TOKEN = 'a-master-token-of-this-test';

describe('the sample of resource servers', () => {
  let authority: SampleProcess;
  let byJwks: SampleProcess;
  let byIntrospection: SampleProcess;

  beforeAll(async () => {
    const folder = temporaryFolder();
    const port = String(await freePort());
    const env = { MASTER_TOKEN, KEY_SET_FILE: 'keys.json', ISSUER: `http://127.0.0.1:${port}` };
    const main = copySample('06-resource-servers', folder);
    cpSync(join('sample/dist', '06-resource-servers'), dirname(main), { recursive: true });
    expect(await runCli(['keys', 'rotate', '--algorithm', 'EdDSA'], { cwd: folder, env })).toMatchObject({
      code: 0,
    });
    authority = await SampleProcess.start(main, folder, { ...env, PORT: port });
    const added = await runCli(
      [
        'client',
        'add',
        '--client-id',
        'orders',
        '--audience',
        'https://orders.example.com',
        '--introspect',
        '--json',
      ],
      { cwd: folder, env },
    );
    const { client_secret: CLIENT_SECRET } = JSON.parse(added.stdout) as { client_secret: string };
    const start = (file: string): Promise<SampleProcess> =>
      SampleProcess.start(join(dirname(main), file), folder, { ...env, CLIENT_SECRET });
    [byJwks, byIntrospection] = await Promise.all([start('by-jwks.js'), start('by-introspection.js')]);
  }, 60_000);
  afterAll(async () => {
    await Promise.all([authority, byJwks, byIntrospection].map((sample) => sample?.stop()));
    removeTemporaryFolders();
  });

  const orders = async (server: SampleProcess, token?: string): Promise<{ status: number; body: object }> => {
    const headers = token === undefined ? {} : { Authorization: `Bearer ${token}` };
    const response = await fetch(`${server.url}/orders`, { headers });
    return { status: response.status, body: (await response.json()) as object };
  };
  const call = async (path: string, body: Record<string, string>) => {
    const response = await fetch(authority.url + path, {
      method: 'POST',
      headers: { 'MASTER-TOKEN': MASTER_TOKEN },
      body: new URLSearchParams(body),
    });
    return (await response.json()) as { data: { access_token: string; refresh_token: string } };
  };

  it('serve who has an access token, and nobody else', async () => {
    const { data } = await call('/auth/token/new', { client_id: 'acme' });
    for (const server of [byJwks, byIntrospection]) {
      expect(await orders(server, data.access_token)).toEqual({
        status: 200,
        body: { orders: [], client: 'acme' },
      });
      for (const token of [undefined, data.refresh_token, `${data.access_token.slice(0, -4)}AAAA`]) {
        expect((await orders(server, token)).status).toBe(401);
      }
    }
  });

  it('differ in when they hear of a revoked token', async () => {
    const { data } = await call('/auth/token/new', { client_id: 'acme' });
    await call('/auth/token/revoke', { token: data.access_token });
    expect((await orders(byIntrospection, data.access_token)).status).toBe(401);
    expect((await orders(byJwks, data.access_token)).status).toBe(200);
  });
});

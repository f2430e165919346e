import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { freePort } from '../support/documented-app.js';
import { copySample, SampleProcess } from '../support/sample-process.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';

const MASTER_TOKEN = 'a-master-token-of-this-test';

describe('the sample of resource servers', () => {
  let authority: SampleProcess;
  let byJwks: SampleProcess;
  let byIntrospection: SampleProcess;

  const folder = temporaryFolder();

  beforeAll(async () => {
    const [PORT, JWKS_PORT, INTROSPECTION_PORT] = [
      String(await freePort()),
      String(await freePort()),
      String(await freePort()),
    ];
    const env = { MASTER_TOKEN, PORT, JWKS_PORT, INTROSPECTION_PORT };
    const main = copySample('06-resource-servers', folder);
    authority = await SampleProcess.start(main, folder, env);
    [byJwks, byIntrospection] = (await Promise.all(
      authority.startLines.map((line) => SampleProcess.startByLine(line, folder)),
    )) as [SampleProcess, SampleProcess];
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

  it('are shown by the lines that the authorization server prints', async () => {
    expect(authority.saysWhatItShows).toBe(true);
    expect(authority.startLines).toHaveLength(2);
    const served = '{"orders":[],"client":"acme"}';
    expect(await authority.paste(folder, authority.pasteLines, { MASTER_TOKEN })).toEqual([
      expect.stringMatching(/^\{"keys":\[\{[^{}]*"alg":"EdDSA"[^{}]*\}\]\}$/),
      '',
      served,
      served,
      '{}',
      served,
      '{"detail":"Unauthorized Access Token","code":"invalid_token"}',
    ]);
    for (const server of [byJwks, byIntrospection])
      expect(await server.paste(folder)).toEqual([expect.stringMatching(/^HTTP\/1\.1 401 /)]);
  });

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

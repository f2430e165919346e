import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ADAPTERS } from '../support/app.js';
import { JsonChild } from '../support/child-process.js';
import { compile, type CompiledFiles } from '../support/compile.js';

const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
const MASTER = { 'MASTER-TOKEN': 'm'.repeat(20) };

let files: CompiledFiles;
let child: JsonChild;
beforeAll(async () => {
  files = await compile('test/support/serverless-apps.ts');
  child = new JsonChild(process.execPath, [files.entry]);
});
afterAll(async () => {
  await child.end();
  files.remove();
});

describe.each(ADAPTERS)('an application that never listens, on %s', (adapter) => {
  const call = async (url: string, headers: object = {}, payload?: string) => {
    child.tell({ adapter, url, headers, method: payload === undefined ? 'GET' : 'POST', payload });
    const answer = await child.next<{ status: number; body: string }>();
    // oxlint-disable-next-line typescript/no-explicit-any -- JSON of many endpoints; each test compares what it needs of it
    return { status: answer?.status, body: JSON.parse(answer?.body || 'null') as any };
  };
  const issue = async () => (await call('/auth/token/new', { ...FORM, ...MASTER }, 'client_id=a')).body.data;

  it('issues, refreshes and revokes', async () => {
    const { refresh_token } = await issue();
    const refreshed = await call('/auth/token/refresh', FORM, `refresh_token=${refresh_token}`);
    expect(refreshed.status).toBe(200);
    const token = refreshed.body.data.access_token as string;
    const headers = { authorization: `Bearer ${token}` };
    expect(await call('/who', headers)).toEqual({ status: 200, body: { client: 'a' } });
    expect((await call('/auth/token/revoke', FORM, `token=${token}`)).status).toBe(200);
    expect((await call('/who', headers)).status).toBe(401);
  });

  it('gives tokens to clients with credentials of their own, and tells them of tokens', async () => {
    const basic = `Basic ${Buffer.from(`service:${'s'.repeat(43)}`).toString('base64')}`;
    const headers = { ...FORM, authorization: basic };
    const { status, body } = await call('/auth/token', headers, 'grant_type=client_credentials');
    expect([status, body.token_type]).toEqual([200, 'Bearer']);
    const told = await call('/auth/token/introspect', headers, `token=${body.access_token}`);
    expect(told.body).toMatchObject({ active: true, client_id: 'service' });
    expect((await call('/auth/token', FORM, 'grant_type=client_credentials')).status).toBe(401);
  });

  it('holds decorators and path rules, and has the well-known documents', async () => {
    for (const url of ['/who', '/reports/daily', '/reports/none', '//reports/daily'])
      expect([url, (await call(url)).status]).toEqual([url, 401]);
    const headers = { authorization: `Bearer ${(await issue()).access_token}` };
    expect((await call('/reports/daily', headers)).body).toEqual({ report: true });
    for (const name of ['jwks.json', 'oauth-authorization-server'])
      expect((await call(`/.well-known/${name}`)).status).toBe(200);
  });
});

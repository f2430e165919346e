import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { copySample, SampleProcess } from '../support/sample-process.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';

const MASTER_TOKEN = 'a-master-token-of-this-test';

describe('the sample of the REST persistence API', () => {
  let sample: SampleProcess;
  beforeAll(async () => {
    const folder = temporaryFolder();
    sample = await SampleProcess.start(copySample('08-rest-store', folder), folder, {
      MASTER_TOKEN,
      CRYPTOGRAPHY_KEY: 'a cryptography key of this test, long enough',
    });
  });
  afterAll(async () => {
    await sample.stop();
    removeTemporaryFolders();
  });

  it('issues, verifies, refreshes and revokes over it', async () => {
    const post = async (path: string, body: string, headers: Record<string, string> = {}) => {
      const answer = await fetch(sample.url + path, {
        method: 'POST',
        body: new URLSearchParams(body),
        headers,
      });
      return (await answer.json()) as { data: { access_token: string; refresh_token: string } };
    };
    const status = async (token: string): Promise<number> =>
      (await fetch(`${sample.url}/whoami`, { headers: { 'ACCESS-TOKEN': token } })).status;
    const { data: first } = await post('/auth/token/new', 'client_id=a%26b', {
      'MASTER-TOKEN': MASTER_TOKEN,
    });
    expect(await status(first.access_token)).toBe(200);
    const { data: second } = await post('/auth/token/refresh', `refresh_token=${first.refresh_token}`);
    expect([await status(first.access_token), await status(second.access_token)]).toEqual([401, 200]);
    const persistence = /tokens are kept at (\S+)\)/.exec(sample.output)?.[1] ?? '';
    const kept = await fetch(`${persistence}/token?client_id=a%26b`);
    expect(second).toMatchObject(((await kept.json()) as { data: object }).data);
    await post('/auth/token/revoke', `token=${second.refresh_token}`);
    expect(await status(second.access_token)).toBe(401);
  });

  it('keeps nothing of requests that it cannot use', async () => {
    const persistence = /tokens are kept at (\S+)\)/.exec(sample.output)?.[1] ?? '';
    const save = async (query: string, body: unknown): Promise<number> => {
      const answer = await fetch(`${persistence}/token${query}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      return answer.status;
    };
    const good = { data: { access_token: 'a', refresh_token: 'r' } };
    expect(await save('?client_id=ok', good)).toBe(200);
    for (const query of ['', '?client_id=', '?client_id=a&client_id=b'])
      expect([query, await save(query, good)]).toEqual([query, 400]);
    for (const body of [{}, { data: null }, { data: { access_token: 1, refresh_token: 'r' } }, { data: {} }])
      expect([body, await save('?client_id=bad', body)]).toEqual([body, 400]);
    expect((await fetch(`${persistence}/token?client_id=bad`)).status).toBe(404);
  });
});

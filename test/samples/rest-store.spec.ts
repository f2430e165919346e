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
});

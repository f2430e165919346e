import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { copySample, SampleProcess } from '../support/sample-process.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';

const MASTER_TOKEN = 'a-master-token-of-this-test';

describe('the sample of custom issuance', () => {
  let sample: SampleProcess;
  beforeAll(async () => {
    const folder = temporaryFolder();
    sample = await SampleProcess.start(copySample('02-custom-issuance', folder), folder, {
      MASTER_TOKEN,
      CRYPTOGRAPHY_KEY: 'a cryptography key of this test, long enough',
    });
  });
  afterAll(async () => {
    await sample.stop();
    removeTemporaryFolders();
  });

  const issue = async (
    clientId: string,
    headers: Record<string, string> = { 'MASTER-TOKEN': MASTER_TOKEN },
  ) => {
    const response = await fetch(`${sample.url}/auth/token/new?client_id=${clientId}`, { headers });
    return { status: response.status, body: (await response.json()) as { data: { access_token: string } } };
  };

  it('issues to a known partner, with its claims and its lifetime', async () => {
    const { status, body } = await issue('acme');
    expect(status).toBe(200);
    const headers = { 'ACCESS-TOKEN': body.data.access_token };
    const offers = await fetch(`${sample.url}/offers`, { headers });
    expect(await offers.json()).toEqual({ partner: 'acme', discount: 20 });
    const { exp, iat } = JSON.parse(
      Buffer.from(body.data.access_token.split('.')[1] ?? '', 'base64url').toString(),
    ) as { exp: number; iat: number };
    expect(exp - iat).toBe(24 * 3600);
  });

  it.each([
    ['nobody', 'Unknown partner'],
    ['initech', 'The partner is suspended'],
  ])('refuses %s in the envelope of the endpoint', async (clientId, message) => {
    expect(await issue(clientId)).toMatchObject({
      status: 403,
      body: { status: 'error', message, code: 403 },
    });
  });

  it('keeps the guard of the route', async () => {
    expect((await issue('acme', {})).status).toBe(401);
  });
});

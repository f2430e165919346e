import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import { copySample, SampleProcess } from '../support/sample-process.js';
import { describeWith } from '../support/services.js';
import { ownPostgres } from '../support/sql-databases.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';

const MASTER_TOKEN = 'a-master-token-of-this-test';
const ENV = { MASTER_TOKEN, CRYPTOGRAPHY_KEY: 'a cryptography key of this test, long enough' };

let sample: SampleProcess;
afterEach(() => sample.stop());
afterAll(removeTemporaryFolders);

/** Starts it, issues, starts it again, and answers the status of the token after and before a revocation. */
async function restarts(env: NodeJS.ProcessEnv): Promise<{ outputs: string[]; statuses: number[] }> {
  const folder = temporaryFolder();
  const main = copySample('09-sql', folder);
  const outputs: string[] = [];
  const start = async (): Promise<void> => {
    sample = await SampleProcess.start(main, folder, { ...ENV, ...env });
    outputs.push(sample.output);
  };
  const post = (path: string, body: string): Promise<Response> =>
    fetch(sample.url + path, {
      method: 'POST',
      headers: { 'MASTER-TOKEN': MASTER_TOKEN },
      body: new URLSearchParams(body),
    });
  await start();
  const issued = await post('/auth/token/new', 'client_id=acme');
  const { data } = (await issued.json()) as { data: { access_token: string } };
  await sample.stop();
  await start();
  const headers = { 'ACCESS-TOKEN': data.access_token };
  const statuses = [(await fetch(`${sample.url}/whoami`, { headers })).status];
  await post('/auth/token/revoke', 'client_id=acme');
  statuses.push((await fetch(`${sample.url}/whoami`, { headers })).status);
  return { outputs, statuses };
}

describe('the SQL sample', () => {
  it('makes its tables in a SQLite file, and finds its sessions there again', async () => {
    const { outputs, statuses } = await restarts({});
    expect(outputs[0]).toContain('Tables made: 1-sessions');
    expect(outputs[1]).toContain('up to date');
    expect(statuses).toEqual([200, 401]);
  });
});

(await describeWith('PostgreSQL'))('the SQL sample with a URL', () => {
  it('does the same on a server', async () => {
    const database = await ownPostgres();
    const { outputs, statuses } = await restarts({ SQL_URL: database.url });
    expect(outputs[0]).toContain('Tables made: 1-sessions');
    expect(statuses).toEqual([200, 401]);
    await sample.stop();
    await database.drop();
  });
});

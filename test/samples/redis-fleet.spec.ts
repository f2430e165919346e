import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { redisAppName, removeRedisApps } from '../support/redis-apps.js';
import { copySample, SampleProcess } from '../support/sample-process.js';
import { describeWith, serviceUrl } from '../support/services.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';

const MASTER = { 'MASTER-TOKEN': 'a-master-token-of-this-test' };
const url = serviceUrl('Redis');
const describeRedis = await describeWith('Redis');

describeRedis('the sample of two processes on one Redis', () => {
  let sample: SampleProcess;
  beforeAll(async () => {
    const folder = temporaryFolder();
    sample = await SampleProcess.start(copySample('03-redis-fleet', folder), folder, {
      MASTER_TOKEN: MASTER['MASTER-TOKEN'],
      CRYPTOGRAPHY_KEY: 'a cryptography key of this test, long enough',
      REDIS_URL: url,
      APP_NAME: redisAppName(url),
    });
  });
  afterAll(async () => {
    await sample.stop();
    await removeRedisApps();
    removeTemporaryFolders();
  });

  const post = async (path: string, body: Record<string, string>) => {
    const response = await fetch(`${sample.url}${path}`, {
      method: 'POST',
      // A connection a request, so that both processes get some.
      headers: { ...MASTER, Connection: 'close' },
      body: new URLSearchParams(body),
    });
    const text = await response.text();
    return text === ''
      ? undefined
      : (JSON.parse(text) as { data: { access_token: string; refresh_token: string } });
  };
  const whoami = async (token: string) => {
    const response = await fetch(`${sample.url}/whoami`, {
      headers: { 'ACCESS-TOKEN': token, Connection: 'close' },
    });
    return {
      status: response.status,
      body: (await response.json()) as { clientId: string; process: number },
    };
  };
  const several = (token: string) => Promise.all(Array.from({ length: 20 }, () => whoami(token)));

  it('takes a pair on both processes, and refuses it on both once it is revoked', async () => {
    const issued = await post('/auth/token/new', { client_id: 'tablet-4' });
    let token = issued?.data.access_token ?? '';
    const before = await several(token);
    expect(new Set(before.map(({ status }) => status))).toEqual(new Set([200]));
    expect(new Set(before.map(({ body }) => body.process)).size).toBe(2);

    const refreshes = await Promise.all(
      Array.from({ length: 10 }, () =>
        post('/auth/token/refresh', { refresh_token: issued?.data.refresh_token ?? '' }),
      ),
    );
    expect(new Set(refreshes.map((answer) => answer?.data.access_token)).size).toBe(1);
    token = refreshes[0]?.data.access_token ?? '';
    expect(new Set((await several(token)).map(({ status }) => status))).toEqual(new Set([200]));

    await post('/auth/token/revoke', { client_id: 'tablet-4' });
    let statuses = new Set<number>();
    for (let tries = 0; tries < 10 && !(statuses.size === 1 && statuses.has(401)); tries++) {
      statuses = new Set((await several(token)).map(({ status }) => status));
    }
    expect(statuses).toEqual(new Set([401]));
  });

  it('ends when it is told to', async () => {
    expect(await sample.stop()).toBe(0);
  });

  it('makes its own keys, and prints lines that two processes answer alike', async () => {
    const folder = temporaryFolder();
    sample = await SampleProcess.start(copySample('03-redis-fleet', folder), folder, {
      REDIS_URL: url,
      APP_NAME: redisAppName(url),
    });
    expect(sample.saysWhatItShows).toBe(true);
    // Each key once: the processes of the fleet make none.
    expect(sample.output.match(/Made a \w+/g)).toEqual(['Made a CRYPTOGRAPHY_KEY', 'Made a MASTER_TOKEN']);
    const [issued, one, other, ...revoked] = await sample.paste(folder);
    expect(issued).toBe('');
    const answers = [one, other].map((answer) => JSON.parse(answer ?? '') as { process: number });
    expect(answers).toMatchObject([{ clientId: 'tablet-4' }, { clientId: 'tablet-4' }]);
    expect(new Set(answers.map(({ process }) => process)).size).toBe(2);
    const refused = expect.stringContaining('"code":"session_revoked"') as unknown;
    expect(revoked).toEqual(['{}', refused, refused]);
  });
});

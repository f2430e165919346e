import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { existsSync } from 'node:fs';
import { io } from 'socket.io-client';
import { JsonChild } from '../support/child-process.js';
import { copySample, SampleProcess } from '../support/sample-process.js';
import { itIf } from '../support/services.js';
import { TestSocket } from '../support/sockets.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';

const MASTER_TOKEN = 'a-master-token-of-this-test';
const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(
  existsSync,
);

interface Pair {
  readonly access_token: string;
  readonly refresh_token: string;
}

const running: SampleProcess[] = [];
afterAll(async () => {
  for (const sample of running) await sample.stop('SIGKILL');
  removeTemporaryFolders();
});

async function start(name: string): Promise<SampleProcess> {
  const folder = temporaryFolder();
  const sample = await SampleProcess.start(copySample(name, folder), folder, {
    MASTER_TOKEN,
    CRYPTOGRAPHY_KEY: 'a cryptography key of this test, long enough',
  });
  running.push(sample);
  return sample;
}

async function issue({ url }: SampleProcess, clientId: string): Promise<Pair> {
  const answer = await fetch(`${url}/auth/token/new?client_id=${clientId}`, {
    headers: { 'MASTER-TOKEN': MASTER_TOKEN },
  });
  return ((await answer.json()) as { data: Pair }).data;
}

describe('the sample of sockets', () => {
  let sample: SampleProcess;
  beforeAll(async () => {
    sample = await start('04-sockets');
  });

  it('serves those with a token, and lets operators shout', async () => {
    const { access_token: token } = await issue(sample, 'listener');
    const listener = TestSocket.open(`${sample.url}/ws/feed`, { protocols: ['bearer', token] });
    await listener.opened();
    const operator = TestSocket.open(`${sample.url}/ws/feed`, {
      headers: {
        'ACCESS-TOKEN': (await issue(sample, 'operator')).access_token,
        'MASTER-TOKEN': MASTER_TOKEN,
      },
    });
    await operator.opened();
    operator.send({ event: 'shout', data: 'fire' });
    expect(await listener.frame(0)).toEqual({ event: 'shouted', data: 'FIRE' });
    listener.send({ event: 'shout', data: 'me too' });
    expect(await listener.frame(1)).toMatchObject({ event: 'exception', data: { code: 'missing_token' } });
    listener.close();
    operator.close();
    expect(await TestSocket.open(`${sample.url}/ws/feed`).closed()).toBe(1008);
  });

  // Without a browser this is left out, and says so; CI has one.
  itIf(CHROMIUM !== undefined, 'no Chromium')(
    'works in a browser page',
    async () => {
      const pair = await issue(sample, 'page');
      const browser = new JsonChild(process.execPath, [
        'test/support/browser-visit.mjs',
        CHROMIUM as string,
        sample.url,
        pair.access_token,
        pair.refresh_token,
      ]);
      const step = async (name: string, argument?: string): Promise<string[]> => {
        browser.tell([name, argument]);
        const saw = await browser.next<{ log: string[]; error?: string }>();
        expect(saw?.error).toBeUndefined();
        return saw?.log ?? [];
      };
      try {
        expect(await browser.next()).toBe('open');
        await step('connect', 'not.a.token');
        expect(await step('wait', 'closed')).toEqual([
          '{"status":"error","detail":"Disconnected: Unauthorized ACCESS-TOKEN"}',
          'closed 1008 invalid_token',
        ]);
        await step('connect');
        await step('wait', '{"event":"whoami","data":"page"}');
        await step('say', 'hello');
        await step('wait', '{"event":"said","data":{"by":"page","text":"hello"}}');

        await step('renew');
        await step('wait', '"status":"success"');
        await new Promise((resolve) => setTimeout(resolve, 1200));
        await step('say', 'still here');
        await step('wait', '{"event":"said","data":{"by":"page","text":"still here"}}');

        await fetch(`${sample.url}/auth/token/revoke`, {
          method: 'POST',
          headers: { 'MASTER-TOKEN': MASTER_TOKEN },
          body: new URLSearchParams({ client_id: 'page' }),
        });
        const log = await step('wait', 'closed 1008 session_revoked');
        expect(log.at(-2)).toBe('{"status":"error","detail":"Disconnected: Session revoked"}');
      } finally {
        await browser.end();
      }
    },
    60_000,
  );
});

it('the sample of socket.io has a level for each namespace', async () => {
  const sample = await start('05-socket-io');
  const { access_token: token } = await issue(sample, 'listener');
  const connect = (namespace: string, options: Parameters<typeof io>[1]) =>
    io(sample.url + namespace, { forceNew: true, reconnection: false, ...options });
  const feed = connect('/feed', { auth: { token } });
  expect(await feed.timeout(5000).emitWithAck('whoami')).toBe('listener');
  const said = new Promise((resolve) => feed.once('said', resolve));
  feed.emit('say', 'hello');
  expect(await said).toEqual({ by: 'listener', text: 'hello' });

  const refused = connect('/admin', { auth: { token } });
  expect(await new Promise((resolve) => refused.once('connect_error', resolve))).toMatchObject({
    data: { code: 'missing_token' },
  });
  const admin = connect('/admin', { extraHeaders: { 'MASTER-TOKEN': MASTER_TOKEN } });
  expect(await admin.timeout(5000).emitWithAck('status')).toBe('fine');
  for (const client of [feed, refused, admin]) client.close();
});

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from 'jose';
import { freePort } from '../support/documented-app.js';
import { runCli } from '../support/run-cli.js';
import { copySample, SampleProcess } from '../support/sample-process.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';

const env = {
  MASTER_TOKEN: 'a-master-token-of-this-test',
  CRYPTOGRAPHY_KEY: 'a cryptography key of this test, long enough',
  KEY_SET_FILE: 'keys.json',
  FASTAUTH_DATABASE_URL: 'lmdb:sessions',
};

interface Pair {
  readonly access_token: string;
  readonly refresh_token: string;
}

describe('the sample of token formats', () => {
  let sample: SampleProcess | undefined;
  afterEach(async () => {
    await sample?.stop();
    sample = undefined;
  });
  afterAll(removeTemporaryFolders);

  const token = async (endpoint: string, body: Record<string, string>): Promise<Pair> => {
    const response = await fetch(`${sample?.url}/auth/token/${endpoint}`, {
      method: 'POST',
      headers: { 'MASTER-TOKEN': env.MASTER_TOKEN },
      body: new URLSearchParams(body),
    });
    expect(response.status).toBe(200);
    return ((await response.json()) as { data: Pair }).data;
  };
  const refresh = ({ refresh_token }: Pair): Promise<Pair> => token('refresh', { refresh_token });
  const expectWelcome = async ({ access_token }: Pair): Promise<void> => {
    const response = await fetch(`${sample?.url}/whoami`, { headers: { 'ACCESS-TOKEN': access_token } });
    expect(await response.json()).toEqual({ clientId: 'acme', site: 'north' });
  };

  it('switches from signed to encrypted to opaque to EdDSA, and one client stays logged in through it all', async () => {
    const folder = temporaryFolder();
    const main = copySample('10-token-formats', folder);
    writeFileSync(join(folder, 'fastauth.config.json'), '{}');
    const restart = async (format: string): Promise<void> => {
      await sample?.stop();
      sample = await SampleProcess.start(main, folder, { ...env, TOKEN_FORMAT: format });
    };
    let pair: Pair | undefined;
    for (const [format, look] of [
      ['jwt', /^ey[\w-]+\.[\w-]+\.[\w-]+$/],
      ['jwe', /^ey[\w-]+\.\.[\w-]+\.[\w-]+\.[\w-]+$/],
      ['opaque', /^fa_at_[\w-]+$/],
    ] as const) {
      await restart(format);
      if (pair) await expectWelcome(pair);
      pair = pair ? await refresh(pair) : await token('new', { client_id: 'acme' });
      expect(pair.access_token).toMatch(look);
      await expectWelcome(pair);
    }
    await restart('jwt');
    const rotated = await runCli(['keys', 'rotate', '--algorithm', 'EdDSA', '--after', '5', '--json'], {
      cwd: folder,
      env,
    });
    const { kid, signing_from: signingFrom } = JSON.parse(rotated.stdout) as {
      kid: string;
      signing_from: number;
    };
    while (Date.now() / 1000 < signingFrom + 1.5) await sleep(50);
    if (!pair) throw new Error('no pair');
    await expectWelcome(pair);
    pair = await refresh(pair);
    expect(decodeProtectedHeader(pair.access_token)).toEqual({ alg: 'EdDSA', typ: 'JWT', kid });
    await expectWelcome(pair);
    const keys = createRemoteJWKSet(new URL(`${sample?.url}/.well-known/jwks.json`));
    expect((await jwtVerify(pair.access_token, keys)).payload).toMatchObject({
      client_id: 'acme',
      type: 'access',
    });
  }, 60_000);

  it('prints lines that switch the format and add a key pair, and log nobody out', async () => {
    const folder = temporaryFolder();
    const fixed = { PORT: String(await freePort()) };
    sample = await SampleProcess.start(copySample('10-token-formats', folder), folder, fixed);
    expect(sample.saysWhatItShows).toBe(true);
    const welcome = '{"clientId":"acme","site":"north"}';
    const { pasteLines, startLines } = sample;
    expect([pasteLines.length, startLines.length]).toEqual([7, 1]);
    const [TOKENS = '', asked] = await sample.paste(folder, pasteLines.slice(0, 2));
    expect([TOKENS, asked]).toEqual([expect.stringMatching(/"access_token":"ey[\w-]+\.[\w-]+\./), welcome]);
    await sample.stop();
    sample = await SampleProcess.startByLine(startLines[0] ?? '', folder, fixed);
    expect(sample.startLines[0]).toMatch(/^TOKEN_FORMAT=opaque /);
    expect(await sample.paste(folder, pasteLines.slice(2), { TOKENS })).toEqual([
      welcome,
      expect.stringMatching(/"access_token":"ey[\w-]+\.\.[\w-]+\./),
      welcome,
      expect.stringContaining('EdDSA'),
      expect.stringMatching(/^\{"keys":\[\{[^{}]*"alg":"EdDSA"/),
    ]);
  }, 60_000);
});

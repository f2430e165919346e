import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { type CryptoKey, exportJWK, generateKeyPair, SignJWT } from 'jose';
import { SqlTokenStore } from '../../src/stores/sql/sql.store.js';
import { JsonChild } from '../support/child-process.js';
import { compile, type CompiledFiles } from '../support/compile.js';
import { redisAppName, removeRedisApps } from '../support/redis-apps.js';
import { describeWith, serviceUrl } from '../support/services.js';
import { type OwnDatabase, ownPostgres } from '../support/sql-databases.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';

jest.setTimeout(120_000);

const TRIALS = 50;
const ISSUER = 'https://auth.example.com';
const JWT_BEARER = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

let files: CompiledFiles;
beforeAll(async () => {
  files = await compile('test/support/socket-server.ts');
});
afterAll(async () => {
  files.remove();
  removeTemporaryFolders();
  await removeRedisApps();
});

/** Two applications in processes of their own on one store. @see RFC 7523 section 3, item 7 */
function takesAssertionsOnce(databaseUrl: () => string, appName: string): void {
  const children: JsonChild[] = [];
  const urls: string[] = [];
  let key: CryptoKey;

  beforeAll(async () => {
    const pair = await generateKeyPair('ES256');
    key = pair.privateKey;
    const clients = [{ clientId: 'signer', publicKeys: [await exportJWK(pair.publicKey)] }];
    const settings = JSON.stringify({ issuer: ISSUER, clients, failedAttemptsPerClient: 100_000 });
    for (let n = 0; n < 2; n++) {
      const child = new JsonChild(process.execPath, [files.entry, databaseUrl(), appName, 'ws', settings]);
      children.push(child);
      urls.push((await child.next<{ url: string }>())?.url ?? 'it did not start');
    }
  });
  afterAll(() => Promise.all(children.splice(0).map((child) => child.kill())));

  const sign = (): Promise<string> =>
    new SignJWT({ jti: randomUUID() })
      .setProtectedHeader({ alg: 'ES256' })
      .setIssuer('signer')
      .setSubject('signer')
      .setAudience(ISSUER)
      .setExpirationTime('1m')
      .sign(key);

  async function present(url: string, assertion: string): Promise<string> {
    const answer = await fetch(`${url}/auth/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        client_assertion: assertion,
        client_assertion_type: JWT_BEARER,
      }),
    });
    const { error = 'granted' } = (await answer.json()) as { error?: string };
    return error;
  }

  it(`one assertion, at two processes in the same instant: one grant, ${TRIALS} times`, async () => {
    const [one = '', other = ''] = urls;
    const grantedBy = new Set<number>();
    for (let trial = 0; trial < TRIALS; trial++) {
      const assertion = await sign();
      // Another one is asked first each time, and each is asked twice.
      const order = trial % 2 === 0 ? [one, other, one, other] : [other, one, other, one];
      const outcomes = await Promise.all(order.map((url) => present(url, assertion)));
      expect([...outcomes].sort()).toEqual(['granted', 'invalid_client', 'invalid_client', 'invalid_client']);
      grantedBy.add(urls.indexOf(order[outcomes.indexOf('granted')] ?? ''));
      expect(await present(one, assertion)).toBe('invalid_client');
      expect(await present(other, assertion)).toBe('invalid_client');
    }
    // Both took part.
    expect(grantedBy).toEqual(new Set([0, 1]));
  });
}

describe('assertions of clients, on LMDB', () => {
  const folder = join(temporaryFolder(), 'store');
  takesAssertionsOnce(() => `lmdb:${folder}`, `replay-${randomUUID()}`);
});

(await describeWith('Redis'))('assertions of clients, on Redis', () => {
  takesAssertionsOnce(() => serviceUrl('Redis'), redisAppName(serviceUrl('Redis')));
});

(await describeWith('PostgreSQL'))('assertions of clients, on PostgreSQL', () => {
  let database: OwnDatabase | undefined;
  beforeAll(async () => {
    database = await ownPostgres();
    await new SqlTokenStore({ url: database.url }).migrate();
  });
  takesAssertionsOnce(() => database?.url ?? '', `replay-${randomUUID()}`);
  // After the processes have ended.
  afterAll(() => database?.drop());
});

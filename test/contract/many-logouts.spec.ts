import { afterAll, describe, expect, it, jest } from '@jest/globals';
import { Redis } from 'ioredis';
import { join } from 'node:path';
import type { TokenStore } from '../../src/sessions/token-store.js';
import { sessionSample } from '../../src/store-contract/session-sample.js';
import { openLmdbFiles } from '../../src/stores/lmdb/files.js';
import { LmdbTokenStore } from '../../src/stores/lmdb/lmdb.store.js';
import { storableKey } from '../../src/stores/lmdb/records.js';
import { MemoryTokenStore } from '../../src/stores/memory/memory.store.js';
import { RedisKeys } from '../../src/stores/redis/keys.js';
import { RedisTokenStore } from '../../src/stores/redis/redis.store.js';
import { encodeSessionRecord } from '../../src/stores/session-record.codec.js';
import { SqlTokenStore } from '../../src/stores/sql/sql.store.js';
import { redisAppName, removeRedisApps } from '../support/redis-apps.js';
import { describeWith, serviceUrl, type Service } from '../support/services.js';
import { ownMariadb, ownPostgres } from '../support/sql-databases.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';

jest.setTimeout(120_000);
const LOGOUTS = 8000;
const AT_ONCE = 100;
const LOGINS = 30;
/** How much dearer a login may be, as the middle of several. One that passes what has ended is tens of times as dear. */
const DEARER = 8;
const closing: (() => Promise<void>)[] = [];

async function logIn(store: TokenStore, clientId: string): Promise<number> {
  const { record, pair } = sessionSample({ clientId, createdAt: Date.now() / 1000, ...lasting() });
  const begun = performance.now();
  await store.insert(record, pair, 1);
  return performance.now() - begun;
}

function lasting() {
  const end = Math.floor(Date.now() / 1000) + 3600;
  return { accessExpiresAt: end, refreshExpiresAt: end };
}

function middleOf(times: number[]): number {
  return times.sort((a, b) => a - b)[times.length >> 1] as number;
}

function costsTheSame(open: () => Promise<TokenStore>): void {
  it(`a login costs no more for the client's ${LOGOUTS} ended sessions`, async () => {
    const store = await open();
    for (let done = 0; done < LOGOUTS; done += AT_ONCE) {
      const samples = Array.from({ length: AT_ONCE }, () =>
        sessionSample({ clientId: 'often', createdAt: Date.now() / 1000, ...lasting() }),
      );
      await Promise.all(samples.map(({ record, pair }) => store.insert(record, pair, Infinity)));
      await store.revokeClient('often', Math.floor(Date.now() / 1000));
    }
    expect(await store.list('often')).toHaveLength(LOGOUTS);
    const [often, rarely]: [number[], number[]] = [[], []];
    for (let n = 0; n < LOGINS; n++) {
      often.push(await logIn(store, 'often'));
      rarely.push(await logIn(store, 'rarely'));
    }
    expect(middleOf(often) / middleOf(rarely)).toBeLessThan(DEARER);
  });
}

async function opened(store: TokenStore): Promise<TokenStore> {
  await store.open();
  closing.push(() => store.close());
  return store;
}

async function sql(own: typeof ownPostgres): Promise<TokenStore> {
  const { url, drop } = await own();
  closing.push(drop);
  const store = new SqlTokenStore({ url, timeout: 10 });
  await store.migrate();
  return opened(store);
}

afterAll(async () => {
  for (const close of closing.toReversed()) await close();
  await removeRedisApps();
  removeTemporaryFolders();
});

describe('in memory', () => {
  costsTheSame(() => opened(new MemoryTokenStore()));
});
describe('on LMDB', () => {
  costsTheSame(() => opened(new LmdbTokenStore({ folder: join(temporaryFolder(), 'store'), timeout: 10 })));

  it('what an earlier version left among the live sessions is read, and moved by the next login', async () => {
    const folder = join(temporaryFolder(), 'store');
    const files = await openLmdbFiles(folder, 10);
    closing.push(() => files.close());
    const store = await opened(new LmdbTokenStore({ folder, timeout: 10 }));
    const { record, pair } = sessionSample({ clientId: 'c', ...lasting() });
    await store.insert(record, pair, 1);
    const key = storableKey(record);
    const revoked = { ...record, revokedAt: record.createdAt + 1 };
    await files.sessions.put(key, encodeSessionRecord(revoked));
    expect(await store.find(record)).toEqual(revoked);
    expect(await store.revoke(record, record.createdAt + 2)).toBe(false);
    await logIn(store, 'c');
    expect(files.sessions.get(key)).toBeUndefined();
    expect(await store.find(record)).toEqual(revoked);
    expect(await store.list('c')).toHaveLength(2);
    await store.sweep(record.refreshExpiresAt + 1, 10);
    expect(files.revoked.get(key)).toBeUndefined();
  });
});
const describeRedis = await describeWith('Redis');
describeRedis('on Redis', () => {
  it('what an earlier version left among the live sessions is moved by the next login', async () => {
    const [url, appName] = [serviceUrl('Redis'), redisAppName(serviceUrl('Redis'))];
    const store = await opened(new RedisTokenStore({ url, appName, timeout: 10 }));
    const redis = new Redis(url);
    closing.push(async () => void (await redis.quit()));
    const { record, pair } = sessionSample({ clientId: 'c', createdAt: Date.now() / 1000, ...lasting() });
    await store.insert(record, pair, 1);
    await store.revoke(record, record.createdAt + 1);
    const index = new RedisKeys(appName).ofClient('c')?.index ?? '';
    await redis.zadd(index, record.createdAt, record.familyId);
    await logIn(store, 'c');
    expect(Number(await redis.zscore(index, record.familyId))).toBeLessThan(0);
    expect(await store.list('c')).toHaveLength(2);
  });
});
const SERVERS: readonly [Service, () => Promise<TokenStore>][] = [
  [
    'Redis',
    () => {
      const url = serviceUrl('Redis');
      return opened(new RedisTokenStore({ url, appName: redisAppName(url), timeout: 10 }));
    },
  ],
  ['PostgreSQL', () => sql(ownPostgres)],
  ['MariaDB', () => sql(ownMariadb)],
];
for (const [service, open] of SERVERS) {
  const describeServer = await describeWith(service);
  describeServer(service, () => costsTheSame(open));
}

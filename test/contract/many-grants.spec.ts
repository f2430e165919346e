import { afterAll, describe, expect, it, jest } from '@jest/globals';
import { Redis } from 'ioredis';
import { join } from 'node:path';
import { accessOnlySample } from 'nestjs-fastauth/store-contract';
import type { TokenStore } from '../../src/sessions/token-store.js';
import { openLmdbFiles, type LmdbFiles } from '../../src/stores/lmdb/files.js';
import { LmdbTokenStore } from '../../src/stores/lmdb/lmdb.store.js';
import { storableKey } from '../../src/stores/lmdb/records.js';
import { MemoryTokenStore } from '../../src/stores/memory/memory.store.js';
import { RedisKeys } from '../../src/stores/redis/keys.js';
import { RedisTokenStore } from '../../src/stores/redis/redis.store.js';
import { encodeSessionRecord } from '../../src/stores/session-record.codec.js';
import { SqlTokenStore } from '../../src/stores/sql/sql.store.js';
import { redisAppName, removeRedisApps } from '../support/redis-apps.js';
import { describeWith, serviceUrl } from '../support/services.js';
import { ownMariadb, ownPostgres } from '../support/sql-databases.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';

jest.setTimeout(120_000);
/** `sessions-per-credential-client`, as it is by default. */
const MOST = 1000;
const AT_ONCE = 100;
const GRANTS = 50;
/** How much dearer a grant may be, as the middle of several. One that reads all sessions is tens of times as dear. */
const DEARER = 6;
type Granted = ReturnType<typeof sample>['record'];

const closing: (() => Promise<unknown>)[] = [];
let began = Math.floor(Date.now() / 1000);

afterAll(async () => {
  for (const close of closing.toReversed()) await close();
  await removeRedisApps();
  removeTemporaryFolders();
});

function sample(clientId: string) {
  began += 1e-6;
  return accessOnlySample({ clientId, createdAt: began, accessExpiresAt: Math.floor(began) + 3600 });
}

async function grant(store: TokenStore, clientId: string, most = MOST) {
  const { record, tokens } = sample(clientId);
  return { record, ended: await store.insert(record, tokens, most) };
}

async function opened<Store extends TokenStore>(store: Store): Promise<Store> {
  await store.open();
  closing.push(() => store.close());
  return store;
}

async function timed(act: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await act();
  return performance.now() - startedAt;
}

const middleOf = (times: number[]): number => times.sort((a, b) => a - b)[times.length >> 1] as number;

function costsTheSame(open: () => Promise<TokenStore>): void {
  it(`a grant costs no more for the client's ${MOST} sessions, of which it ends the oldest`, async () => {
    const store = await open();
    const records = [];
    for (let done = 0; done < MOST; done += AT_ONCE) {
      const granted = await Promise.all(Array.from({ length: AT_ONCE }, () => grant(store, 'many')));
      records.push(...granted.map(({ record }) => record));
    }
    const [many, few]: [number[], number[]] = [[], []];
    const ended: string[] = [];
    for (let n = 0; n < GRANTS; n++) {
      many.push(
        await timed(async () => ended.push(...(await grant(store, 'many')).ended.map((one) => one.familyId))),
      );
      few.push(await timed(() => grant(store, 'few')));
    }
    expect(ended).toEqual(records.slice(0, GRANTS).map(({ familyId }) => familyId));
    expect(middleOf(many) / middleOf(few)).toBeLessThan(DEARER);
  });
}

function countsOlder(open: () => Promise<{ store: TokenStore; forget(clientId: string): Promise<void> }>) {
  it('counts the sessions that an earlier version granted, and ends the oldest', async () => {
    const { store, forget } = await open();
    const older: Granted[] = [];
    for (let n = 0; n < 6; n++) older.push((await grant(store, 'c', 10)).record);
    await forget('c');
    await store.revoke(older[1] as Granted, began);
    const { record, ended } = await grant(store, 'c', 4);
    expect(ended.map(({ familyId }) => familyId)).toEqual([0, 2].map((n) => older[n]?.familyId));
    expect((await grant(store, 'c', 4)).ended).toHaveLength(1);
    await store.revokeClient('c', began);
    expect((await grant(store, 'c', 1)).ended).toEqual([]);
    expect((await store.find(record))?.revokedAt).toBeDefined();
  });
}

describe('in memory', () => {
  costsTheSame(() => opened(new MemoryTokenStore()));
});

describe('on LMDB', () => {
  async function open(): Promise<{ store: LmdbTokenStore; files: LmdbFiles }> {
    const folder = join(temporaryFolder(), 'store');
    const files = await openLmdbFiles(folder, 10);
    closing.push(() => files.close());
    return { store: await opened(new LmdbTokenStore({ folder, timeout: 10 })), files };
  }

  costsTheSame(async () => (await open()).store);

  countsOlder(async () => {
    const { store, files } = await open();
    return { store, forget: () => files.grants.clearAsync() };
  });

  it('passes over what an earlier version ended, and keeps nothing of what has left', async () => {
    const { store, files } = await open();
    const granted = [];
    for (let n = 0; n < 4; n++) granted.push((await grant(store, 'c', 4)).record);
    const [removed, revoked, oldest] = granted as [Granted, Granted, Granted];
    await files.sessions.remove(storableKey(removed));
    await files.sessions.put(storableKey(revoked), encodeSessionRecord({ ...revoked, revokedAt: began }));
    expect((await grant(store, 'c', 4)).ended).toEqual([]);
    expect((await grant(store, 'c', 4)).ended).toEqual([]);
    expect((await grant(store, 'c', 4)).ended.map(({ familyId }) => familyId)).toEqual([oldest.familyId]);
    while ((await store.sweep(began + 7200, 100)) > 0);
    // How many there are: none.
    expect([...files.grants.getRange({})].map(({ value }) => value.readUInt32BE())).toEqual([0]);
  });
});

const describeRedis = await describeWith('Redis');
describeRedis('on Redis', () => {
  function open() {
    const url = serviceUrl('Redis');
    return { url, appName: redisAppName(url) };
  }

  costsTheSame(() => opened(new RedisTokenStore({ ...open(), timeout: 10 })));

  countsOlder(async () => {
    const { url, appName } = open();
    const redis = new Redis(url);
    closing.push(() => redis.quit());
    return {
      store: await opened(new RedisTokenStore({ url, appName, timeout: 10 })),
      forget: async (clientId) => {
        const { grants = '', grantEnds = '' } = new RedisKeys(appName).ofClient(clientId) ?? {};
        expect(await redis.del(grants, grantEnds)).toBe(2);
      },
    };
  });
});

for (const [service, own] of [
  ['PostgreSQL', ownPostgres],
  ['MariaDB', ownMariadb],
] as const) {
  const describeServer = await describeWith(service);
  describeServer(`on ${service}`, () => {
    costsTheSame(async () => {
      const { url, drop } = await own();
      closing.push(drop);
      const store = new SqlTokenStore({ url, timeout: 10 });
      await store.migrate();
      return opened(store);
    });
  });
}

import { afterAll, expect, it, jest } from '@jest/globals';
import {
  describeTokenStoreContract,
  HOSTILE_CLIENT_IDS,
  sessionSample,
} from 'nestjs-fastauth/store-contract';
import { RedisTokenStore } from '../../src/stores/redis/redis.store.js';
import { redisAppName, removeRedisApps } from '../support/redis-apps.js';
import { describeWith, serviceUrl } from '../support/services.js';
import '../support/silent-logger.js';
import { processOn } from '../support/store-processes.js';

// Processes start slowly on a busy machine.
jest.setTimeout(60_000);

const url = serviceUrl('Redis');
const describeRedis = await describeWith('Redis');

async function openStore(options: { appName?: string; trackedCacheSize?: number } = {}) {
  const store = new RedisTokenStore({ url, appName: redisAppName(url), ...options });
  await store.open();
  return store;
}

describeRedis('Redis', () => {
  afterAll(removeRedisApps);

  const names = new WeakMap<RedisTokenStore, string>();
  for (const trackedCacheSize of [10_000, 0]) {
    describeTokenStoreContract(`RedisTokenStore that keeps ${trackedCacheSize} sessions in memory`, {
      open: async () => {
        const appName = redisAppName(url);
        const store = await openStore({ appName, trackedCacheSize });
        names.set(store, appName);
        return store;
      },
      reopen: async (store) => {
        const appName = names.get(store as RedisTokenStore) as string;
        await store.close();
        return openStore({ appName });
      },
      second: (store) =>
        openStore({ appName: names.get(store as RedisTokenStore) as string, trackedCacheSize }),
      otherApp: () => openStore({ trackedCacheSize }),
      // Once is enough: processes start slowly, and the cache is not what they race for.
      ...(trackedCacheSize === 0
        ? {}
        : {
            processes: async () => processOn(url, { appName: redisAppName(url), trackedCacheSize }),
          }),
      limits: { expiresByItself: true },
    });
  }

  it('keeps applications apart', async () => {
    const [a, b] = await Promise.all([openStore(), openStore()]);
    for (const clientId of HOSTILE_CLIENT_IDS) {
      const { record, pair } = sessionSample({ clientId, familyId: 'same' });
      await a.insert(record, pair, 1);
      expect(await b.find(record)).toBeUndefined();
      expect(await b.list(clientId)).toEqual([]);
      expect(await b.revokeClient(clientId, 1)).toEqual([]);
      expect((await a.list(clientId)).length).toBe(1);
    }
    await Promise.all([a.close(), b.close()]);
  });

  it.each(['', '\ud800'])(
    'refuses the client identifier %j, which Redis cannot hold exactly',
    async (clientId) => {
      const store = await openStore();
      const { record, pair } = sessionSample({ clientId });
      await expect(store.insert(record, pair, 1)).rejects.toThrow(RangeError);
      expect(await store.find(record)).toBeUndefined();
      expect(await store.revoke(record, 1)).toBe(false);
      expect(await store.list(clientId)).toEqual([]);
      await store.close();
    },
  );
});

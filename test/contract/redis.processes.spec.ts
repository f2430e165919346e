import { afterAll, expect, it } from '@jest/globals';
import { sessionSample, StoreProcess } from 'nestjs-fastauth/store-contract';
import { RedisTokenStore } from '../../src/stores/redis/redis.store.js';
import { describeParallelRefreshes } from '../support/parallel-refreshes.js';
import { redisAppName, removeRedisApps } from '../support/redis-apps.js';
import { describeWith, serviceUrl } from '../support/services.js';
import { processOn } from '../support/store-processes.js';
import { Stopwatch } from '../support/stopwatch.js';

const url = serviceUrl('Redis');
const describeRedis = await describeWith('Redis');
const REVOCATIONS = 200;
/** By a stopwatch. What is promised is far less. */
const BOUND_MS = 250;

describeRedis('Redis, shared by processes', () => {
  afterAll(removeRedisApps);

  describeParallelRefreshes('RedisTokenStore', () => url, { config: { appName: redisAppName(url) } });

  it('has a revocation by one process refused by another, which had the session in memory', async () => {
    const appName = redisAppName(url);
    const store = new RedisTokenStore({ url, appName });
    await store.open();
    const other = await StoreProcess.start(processOn(url, { appName }));
    const delays: number[] = [];
    for (let n = 0; n < REVOCATIONS; n++) {
      const { record, pair } = sessionSample();
      await store.insert(record, pair, 1);
      for (let isKept = false; !isKept;) {
        const found = store.find(record);
        isKept = !(found instanceof Promise);
        await found;
      }
      const revoked = other.store('revoke', [record, record.createdAt + 1]);
      let sinceAcknowledged: Stopwatch | undefined;
      void revoked.then(() => (sinceAcknowledged = new Stopwatch()));
      let found = await store.find(record);
      while (found?.revokedAt === undefined) {
        await new Promise(setImmediate);
        found = await store.find(record);
      }
      delays.push(sinceAcknowledged?.ms ?? 0);
      expect(await revoked).toBe(true);
    }
    delays.sort((a, b) => a - b);
    console.info(
      `Refused elsewhere after the acknowledgement: p50 ${delays[REVOCATIONS / 2]?.toFixed(2)} ms, max ${delays.at(-1)?.toFixed(2)} ms over ${REVOCATIONS} revocations`,
    );
    expect(delays.at(-1)).toBeLessThan(BOUND_MS);
    await Promise.all([store.close(), other.stop()]);
  });
});

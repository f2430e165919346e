import { afterAll, jest } from '@jest/globals';
import { describeSessionModel } from 'nestjs-fastauth/testing';
import { RedisTokenStore } from '../../src/stores/redis.store.js';
import { modelRuns, modelTimeout } from '../support/model-runs.js';
import { redisAppName, removeRedisApps } from '../support/redis-apps.js';
import { describeWith, serviceUrl } from '../support/services.js';
import { processOn } from '../support/store-processes.js';

jest.setTimeout(modelTimeout(120_000));
const url = serviceUrl('Redis');
const describeRedis = await describeWith('Redis');

describeRedis('Redis', () => {
  afterAll(removeRedisApps);

  describeSessionModel('RedisTokenStore', {
    ...modelRuns(15),
    // The cache hears of other servers' changes by a feed.
    seenWithin: 500,
    setUp: async () => {
      const appName = redisAppName(url);
      return {
        open: async () => {
          const store = new RedisTokenStore({ url, appName, timeout: 5 });
          await store.open();
          return store;
        },
      };
    },
  });

  describeSessionModel('RedisTokenStore, in processes that are killed', {
    ...modelRuns(2),
    nodes: 2,
    seenWithin: 500,
    setUp: async () => ({
      process: processOn(url, { appName: redisAppName(url), storeTimeout: 5 }),
    }),
  });
});

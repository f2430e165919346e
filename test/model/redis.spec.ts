import { afterAll, beforeAll, jest } from '@jest/globals';
import { describeSessionModel } from 'nestjs-fastauth/store-contract';
import { RedisTokenStore } from '../../src/stores/redis/redis.store.js';
import { modelRuns, modelTimeout } from '../support/model-runs.js';
import { redisAppName, removeRedisApps } from '../support/redis-apps.js';
import { describeWithOwnRedis, RedisServer } from '../support/redis-server.js';
import { describeWith, serviceUrl } from '../support/services.js';
import { processOn } from '../support/store-processes.js';
import { removeTemporaryFolders } from '../support/temporary-folder.js';

jest.setTimeout(modelTimeout(120_000));
const url = serviceUrl('Redis');
let apps = 0;
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

const describeOwn = await describeWithOwnRedis();

describeOwn('Redis that stalls', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await RedisServer.start();
  });
  afterAll(async () => {
    await server.stop();
    removeTemporaryFolders();
  });

  describeSessionModel('RedisTokenStore, through stalls', {
    ...modelRuns(6),
    commands: 15,
    seenWithin: 500,
    stall: async () => {
      server.pause();
      return async () => {
        server.resume();
        await server.ping();
      };
    },
    setUp: async () => {
      const appName = `stalls ${apps++}`;
      return {
        open: async () => {
          const store = new RedisTokenStore({ url: server.url, appName, timeout: 0.3 });
          await store.open();
          return store;
        },
      };
    },
  });
});

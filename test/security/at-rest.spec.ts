import { afterAll, afterEach, beforeEach, describe, jest } from '@jest/globals';
import { join } from 'node:path';
import { LmdbTokenStore } from '../../src/stores/lmdb/lmdb.store.js';
import { MemoryTokenStore } from '../../src/stores/memory/memory.store.js';
import { RedisTokenStore } from '../../src/stores/redis/redis.store.js';
import { SqlTokenStore } from '../../src/stores/sql/sql.store.js';
import { itKeepsNoUsableToken } from '../support/at-rest.js';
import { redisAppName, removeRedisApps } from '../support/redis-apps.js';
import { describeWith, type Service, serviceUrl } from '../support/services.js';
import { ownMariadb, ownPostgres, type OwnDatabase } from '../support/sql-databases.js';
import { dumpOfDatabase, dumpOfFolder, dumpOfRedis } from '../support/store-dumps.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';

jest.setTimeout(30_000);
afterAll(removeTemporaryFolders);

// The REST persistence API is left out: its contract, shared with the Python original, is plain text.

describe('MemoryTokenStore', () => {
  itKeepsNoUsableToken(async () => {
    const store = new MemoryTokenStore();
    const clients = Array.from({ length: 5 }, (_, client) => `client-${client}`);
    return {
      store,
      dump: async () => Buffer.from(JSON.stringify(await Promise.all(clients.map((id) => store.list(id))))),
    };
  });
});

describe('LmdbTokenStore', () => {
  itKeepsNoUsableToken(async () => {
    const folder = join(temporaryFolder(), 'store');
    const store = new LmdbTokenStore({ folder });
    await store.open();
    return {
      store,
      dump: () => dumpOfFolder(folder),
    };
  });
});

const describeRedis = await describeWith('Redis');
describeRedis('RedisTokenStore', () => {
  afterAll(removeRedisApps);

  itKeepsNoUsableToken(async () => {
    const url = serviceUrl('Redis');
    const appName = redisAppName(url);
    const store = new RedisTokenStore({ url, appName, timeout: 5 });
    await store.open();
    return {
      store,
      dump: () => dumpOfRedis(url, appName),
    };
  });
});

const servers: [Service, () => Promise<OwnDatabase>][] = [
  ['PostgreSQL', ownPostgres],
  ['MariaDB', ownMariadb],
];
for (const [service, own] of servers) {
  const describeServer = await describeWith(service);
  describeServer(`SqlTokenStore on ${service}`, () => {
    let database: OwnDatabase;
    beforeEach(async () => {
      database = await own();
    });
    afterEach(() => database.drop());

    itKeepsNoUsableToken(async () => {
      const store = new SqlTokenStore({ url: database.url, timeout: 5 });
      await store.migrate();
      await store.open();
      return {
        store,
        dump: () => dumpOfDatabase(database),
      };
    });
  });
}

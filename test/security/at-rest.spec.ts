import { afterAll, afterEach, beforeEach, describe, jest } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { LmdbTokenStore } from '../../src/stores/lmdb.store.js';
import { MemoryTokenStore } from '../../src/stores/memory.store.js';
import { RedisTokenStore } from '../../src/stores/redis.store.js';
import { SqlTokenStore } from '../../src/stores/sql.store.js';
import { itKeepsNoUsableToken } from '../support/at-rest.js';
import { redisAppName, removeRedisApps } from '../support/redis-apps.js';
import { describeWith, type Service, serviceUrl } from '../support/services.js';
import { ownMariadb, ownPostgres, type OwnDatabase } from '../support/sql-databases.js';
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
      dump: async () => Buffer.concat(readdirSync(folder).map((file) => readFileSync(join(folder, file)))),
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
      dump: async () => {
        const redis = new Redis(url);
        const keys = await redis.keys(`${appName}:*`);
        // Not DUMP, which compresses: that would hide what is looked for.
        const values = await Promise.all(
          keys.map(async (key) =>
            (await redis.type(key)) === 'string'
              ? [Buffer.from(key), (await redis.getBuffer(key)) ?? Buffer.alloc(0)]
              : [Buffer.from(key), ...(await redis.zrangeBuffer(key, '0', '-1'))],
          ),
        );
        redis.disconnect();
        return Buffer.concat(values.flat());
      },
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
      const tables = ['fastauth_sessions', 'fastauth_removals'];
      return {
        store,
        dump: async () => {
          const rows = await Promise.all(tables.map((table) => database.query(`select * from ${table}`)));
          const values = rows.flat().flatMap((row) => Object.values(row));
          return Buffer.concat(
            values.map((value) => (Buffer.isBuffer(value) ? value : Buffer.from(String(value)))),
          );
        },
      };
    });
  });
}

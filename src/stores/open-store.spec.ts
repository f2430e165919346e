import { describe, expect, it } from '@jest/globals';
import { ConfigError } from '../errors.js';
import { LmdbTokenStore } from './lmdb/lmdb.store.js';
import { MemoryTokenStore } from './memory/memory.store.js';
import { createTokenStore } from './open-store.js';
import { RedisTokenStore } from './redis/redis.store.js';
import { RestTokenStore } from './rest/rest.store.js';
import { SqlTokenStore } from './sql/sql.store.js';

const config = { headers: {}, storeTimeout: 1, appName: 'app', trackedCacheSize: 10 };

describe('createTokenStore', () => {
  it.each([
    ['memory:', MemoryTokenStore],
    ['lmdb:.fastauth', LmdbTokenStore],
    ['http://127.0.0.1:1/base', RestTokenStore],
    ['https://127.0.0.1:1/base', RestTokenStore],
    ['redis://127.0.0.1:1', RedisTokenStore],
    ['rediss://127.0.0.1:1', RedisTokenStore],
    ['postgres://127.0.0.1:1/test', SqlTokenStore],
    ['postgresql://127.0.0.1:1/test', SqlTokenStore],
    ['mysql://127.0.0.1:1/test', SqlTokenStore],
    ['mariadb://127.0.0.1:1/test', SqlTokenStore],
  ])('makes the store of %s', async (databaseUrl, Store) => {
    expect(await createTokenStore({ ...config, databaseUrl })).toBeInstanceOf(Store);
  });

  it.each(['oracle://:secret@host', 'constructor:secret', 'secret', '__proto__:'])(
    'refuses %p with a sentence that shows the scheme only',
    async (databaseUrl) => {
      const error = await createTokenStore({ ...config, databaseUrl }).catch((error: unknown) => error);
      expect(error).toBeInstanceOf(ConfigError);
      expect((error as Error).message).toContain('there is no store for');
      expect((error as Error).message).not.toContain('secret');
    },
  );
});

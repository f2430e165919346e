import type { FastauthConfig } from '../config/fastauth-config.js';
import { ConfigError } from '../errors.js';
import type { TokenStore } from '../sessions/token-store.js';

/** What a store is made from. */
export type TokenStoreConfig = Pick<
  FastauthConfig,
  'databaseUrl' | 'headers' | 'storeTimeout' | 'appName' | 'trackedCacheSize'
>;

type StoreMaker = (config: TokenStoreConfig) => Promise<TokenStore>;

/** Each store's code is loaded when its scheme is asked for. */
const STORES: Readonly<Record<string, StoreMaker>> = {
  memory: async () => {
    const { MemoryTokenStore } = await import('./memory/memory.store.js');
    return new MemoryTokenStore();
  },
  lmdb: async ({ databaseUrl, storeTimeout, trackedCacheSize }) => {
    const { LmdbTokenStore } = await import('./lmdb/lmdb.store.js');
    const folder = databaseUrl.slice('lmdb:'.length);
    return new LmdbTokenStore({ folder, timeout: storeTimeout, trackedCacheSize });
  },
  redis: redisStore,
  rediss: redisStore,
  postgres: sqlStore,
  postgresql: sqlStore,
  mysql: sqlStore,
  mariadb: sqlStore,
  http: restStore,
  https: restStore,
};

async function redisStore(config: TokenStoreConfig): Promise<TokenStore> {
  const { databaseUrl, storeTimeout, appName, trackedCacheSize } = config;
  const { RedisTokenStore } = await import('./redis/redis.store.js');
  return new RedisTokenStore({ url: databaseUrl, timeout: storeTimeout, appName, trackedCacheSize });
}

async function sqlStore(config: TokenStoreConfig): Promise<TokenStore> {
  const { databaseUrl, storeTimeout, appName, trackedCacheSize } = config;
  const { SqlTokenStore } = await import('./sql/sql.store.js');
  return new SqlTokenStore({ url: databaseUrl, timeout: storeTimeout, appName, trackedCacheSize });
}

async function restStore({ databaseUrl, headers, storeTimeout }: TokenStoreConfig): Promise<TokenStore> {
  const { RestTokenStore } = await import('./rest/rest.store.js');
  return new RestTokenStore({ url: databaseUrl, headers, timeout: storeTimeout });
}

/**
 * Makes the store that the scheme of `database-url` names. It is not opened yet.
 * @throws ConfigError for a scheme without a store
 */
export async function createTokenStore(config: TokenStoreConfig): Promise<TokenStore> {
  const scheme = /^([a-z]+):/i.exec(config.databaseUrl)?.[1]?.toLowerCase() ?? '';
  const make = Object.hasOwn(STORES, scheme) ? STORES[scheme] : undefined;
  if (make) return make(config);
  // Only the scheme is shown: the rest may hold a password.
  throw new ConfigError([
    `database-url: there is no store for "${scheme}:"; expected one of ` +
      `${Object.keys(STORES).join(': ')}:, or a store of your own in forRoot({ store })`,
  ]);
}

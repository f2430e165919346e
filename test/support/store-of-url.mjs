// Opens a store, for processes that `StoreProcess` starts: by an entry of the published package, which is what those
// processes run, so that its errors are of the same classes.
import { loadFastauthConfig } from '../../build/config/load-config.js';

/** How an entry of the package makes the store of a scheme. */
const STORES = {
  memory: async () => {
    const { MemoryTokenStore } = await import('nestjs-fastauth');
    return new MemoryTokenStore();
  },
  lmdb: async ({ url, ...options }) => {
    const { LmdbTokenStore } = await import('nestjs-fastauth/lmdb');
    return new LmdbTokenStore({ folder: url.slice('lmdb:'.length), ...options });
  },
  redis: async (options) => {
    const { RedisTokenStore } = await import('nestjs-fastauth/redis');
    return new RedisTokenStore(options);
  },
  http: async (options) => {
    const { RestTokenStore } = await import('nestjs-fastauth/rest');
    return new RestTokenStore(options);
  },
  sql: async (options) => {
    const { SqlTokenStore } = await import('nestjs-fastauth/sql');
    return new SqlTokenStore(options);
  },
};

/** @param argument options as JSON, such as `{"databaseUrl":"…"}` */
export default async function open(argument) {
  const { config } = loadFastauthConfig(
    { configFile: false, envFile: false, ...JSON.parse(argument) },
    { env: {}, cwd: '.' },
  );
  const { databaseUrl: url, headers, storeTimeout: timeout, appName, trackedCacheSize } = config;
  const scheme = url.slice(0, url.indexOf(':')).replace(/(?<=^redis|^http)s$/, '');
  const store = await (STORES[scheme] ?? STORES.sql)({ url, headers, timeout, appName, trackedCacheSize });
  await store.open();
  return store;
}

// Opens a store, for processes that `StoreProcess` starts: of the built package, which is what those processes run.
import { loadFastauthConfig } from '../../dist/config/load-config.js';
import { createTokenStore } from '../../dist/stores/open-store.js';

/** @param argument options as JSON, such as `{"databaseUrl":"…"}` */
export default async function open(argument) {
  const { config } = loadFastauthConfig(
    { configFile: false, envFile: false, ...JSON.parse(argument) },
    { env: {}, cwd: '.' },
  );
  const store = await createTokenStore(config);
  await store.open();
  return store;
}

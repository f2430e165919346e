// Opens a store, for processes that `StoreProcess` starts: of the built package, which is what those processes run.
import { loadFastauthConfig } from '../../dist/config/load-config.js';
import { createTokenStore } from '../../dist/stores/open-store.js';

/** @param argument a database-url, or options as JSON */
export default async function open(argument) {
  const options = argument.startsWith('{') ? JSON.parse(argument) : { databaseUrl: argument };
  const { config } = loadFastauthConfig(
    { configFile: false, envFile: false, ...options },
    { env: {}, cwd: '.' },
  );
  const store = await createTokenStore(config);
  await store.open();
  return store;
}

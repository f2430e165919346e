// Opens the store of a database-url, for processes that `StoreProcess` starts. Of the built package, which is what
// those processes run.
import { loadFastauthConfig } from '../../dist/config/load-config.js';
import { createTokenStore } from '../../dist/stores/open-store.js';

export default async function open(databaseUrl) {
  const { config } = loadFastauthConfig(
    { configFile: false, envFile: false, databaseUrl },
    { env: {}, cwd: '.' },
  );
  const store = await createTokenStore(config);
  await store.open();
  return store;
}

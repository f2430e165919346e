import { afterAll, jest } from '@jest/globals';
import { SqliteDialect } from 'kysely';
import Database from 'libsql';
import { join } from 'node:path';
import { describeTokenStoreContract } from 'nestjs-fastauth/store-contract';
import { SqlTokenStore } from '../../src/stores/sql/sql.store.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';

jest.setTimeout(60_000);
afterAll(removeTemporaryFolders);

const files = new WeakMap<object, string>();

/** Handed in as a dialect, as an application does with a database that has no URL of ours. */
async function open(file = join(temporaryFolder(), 'app.db')): Promise<SqlTokenStore> {
  const database = new Database(file);
  database.pragma('journal_mode = WAL');
  const store = new SqlTokenStore({ dialect: new SqliteDialect({ database }) });
  await store.migrate();
  await store.open();
  files.set(store, file);
  return store;
}

describeTokenStoreContract('SqlTokenStore on SQLite', {
  open: () => open(),
  reopen: async (store) => {
    await store.close();
    return open(files.get(store));
  },
});

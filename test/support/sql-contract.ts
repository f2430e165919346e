import { afterAll, afterEach, beforeAll, jest } from '@jest/globals';
import { describeTokenStoreContract } from 'nestjs-fastauth/store-contract';
import { SqlTokenStore } from '../../src/stores/sql/sql.store.js';
import type { OwnDatabase } from './sql-databases.js';
import { processOn } from './store-processes.js';

const TABLES = ['fastauth_sessions', 'fastauth_removals', 'fastauth_clients', 'fastauth_used'];

/** Holds a database server to the contract. Each of its tests starts with empty tables. */
export function describeSqlContract(name: string, own: () => Promise<OwnDatabase>): void {
  // Thousands of statements over a socket, on a machine that may be busy.
  jest.setTimeout(60_000);
  let database: OwnDatabase;
  beforeAll(async () => {
    database = await own();
    await new SqlTokenStore({ url: database.url }).migrate();
  });
  afterEach(async () => {
    for (const table of TABLES) await database.query(`delete from ${table}`);
  });
  afterAll(() => database.drop());

  const open = async (): Promise<SqlTokenStore> => {
    const store = new SqlTokenStore({ url: database.url, timeout: 5 });
    await store.open();
    return store;
  };
  describeTokenStoreContract(`SqlTokenStore on ${name}`, {
    open,
    reopen: async (store) => {
      await store.close();
      return open();
    },
    second: open,
    otherApp: async () => {
      const store = new SqlTokenStore({ url: database.url, timeout: 5, appName: 'another app' });
      await store.open();
      return store;
    },
    processes: async () => processOn(database.url),
  });
}

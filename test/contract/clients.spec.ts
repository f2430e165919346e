import { afterAll, afterEach, beforeAll, expect, it, jest } from '@jest/globals';
import { join } from 'node:path';

import { SqliteDialect } from 'kysely';
import Database from 'libsql';
import { clientSample, describeClientStoreContract } from 'nestjs-fastauth/store-contract';
import { type ClientKeepingStore, keepsClients } from '../../src/sessions/client-store.js';
import { LmdbTokenStore } from '../../src/stores/lmdb/lmdb.store.js';
import { MemoryTokenStore } from '../../src/stores/memory/memory.store.js';
import { RedisTokenStore } from '../../src/stores/redis/redis.store.js';
import { RestTokenStore } from '../../src/stores/rest/rest.store.js';
import { SqlTokenStore } from '../../src/stores/sql/sql.store.js';
import { redisAppName, removeRedisApps } from '../support/redis-apps.js';
import { describeWith, serviceUrl } from '../support/services.js';
import { type OwnDatabase, ownMariadb, ownPostgres } from '../support/sql-databases.js';
import '../support/silent-logger.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';

jest.setTimeout(60_000);

afterAll(removeTemporaryFolders);

async function opened<T extends ClientKeepingStore>(store: T): Promise<T> {
  await store.open();
  return store;
}

/** The suite for stores that are opened at some place: a folder, a name, a URL. */
function describePlaces<T extends ClientKeepingStore>(
  name: string,
  newPlace: () => string,
  openAt: (place: string) => Promise<T>,
  { isShared = true, otherApp }: { isShared?: boolean; otherApp?: (place: string) => Promise<T> } = {},
): void {
  const places = new WeakMap<object, string>();
  const open = async (place = newPlace()): Promise<ClientKeepingStore> => {
    const store = await openAt(place);
    places.set(store, place);
    return store;
  };
  const placeOf = (store: object): string => places.get(store) as string;
  describeClientStoreContract(name, {
    open: () => open(),
    reopen: async (store) => {
      await store.close();
      return open(placeOf(store));
    },
    ...(isShared && { second: (store) => open(placeOf(store)) }),
    ...(otherApp && { otherApp: (store) => otherApp(placeOf(store)) }),
  });
}

describePlaces(
  'LmdbTokenStore',
  () => join(temporaryFolder(), 'store'),
  (folder) => opened(new LmdbTokenStore({ folder })),
);

(await describeWith('Redis'))('Redis', () => {
  afterAll(removeRedisApps);
  const url = serviceUrl('Redis');
  const openAt = (appName: string) => opened(new RedisTokenStore({ url, appName, timeout: 5 }));
  describePlaces('RedisTokenStore', () => redisAppName(url), openAt, {
    otherApp: () => openAt(redisAppName(url)),
  });
});

for (const [server, own] of [
  ['PostgreSQL', ownPostgres],
  ['MariaDB', ownMariadb],
] as const) {
  (await describeWith(server))(server, () => {
    let database: OwnDatabase;
    beforeAll(async () => {
      database = await own();
      await new SqlTokenStore({ url: database.url }).migrate();
    });
    afterEach(async () => {
      for (const table of ['fastauth_clients', 'fastauth_used']) await database.query(`delete from ${table}`);
    });
    afterAll(() => database.drop());
    const openAt = (appName: string) => opened(new SqlTokenStore({ url: database.url, timeout: 5, appName }));
    describePlaces(`SqlTokenStore on ${server}`, () => 'fastauth', openAt, {
      otherApp: () => openAt('another app'),
    });

    it('drops what expired from its table', async () => {
      const store = await openAt('fastauth');
      for (let n = 0; n < 10; n++) await store.clients.useOnce({ id: `${n}`, expiresAt: 1, now: 0 });
      for (let n = 0; n < 10; n++) await store.clients.useOnce({ id: `b${n}`, expiresAt: 9, now: 5 });
      expect(await database.query('select 1 as one from fastauth_used')).toHaveLength(10);
      await store.close();
    });
  });
}

describePlaces(
  'SqlTokenStore on SQLite',
  () => join(temporaryFolder(), 'app.db'),
  async (file) => {
    const store = new SqlTokenStore({ dialect: new SqliteDialect({ database: new Database(file) }) });
    await store.migrate();
    return opened(store);
  },
  { isShared: false },
);

it('tells stores that keep clients from those that do not', () => {
  expect(keepsClients(new MemoryTokenStore())).toBe(true);
  expect(keepsClients(new RestTokenStore({ url: 'http://localhost', headers: {}, timeout: 1 }))).toBe(false);
});

it('refuses a revision that is none', async () => {
  const { clients } = new MemoryTokenStore();
  await expect(clients.insert(clientSample({ revision: 'short' }))).rejects.toThrow(TypeError);
});

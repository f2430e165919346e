import { afterAll, beforeAll, describe } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { SqlTokenStore } from '../../src/stores/sql/sql.store.js';
import { JsonChild } from './child-process.js';
import { compile, type CompiledFiles } from './compile.js';
import { redisAppName, removeRedisApps } from './redis-apps.js';
import { describeWith, serviceUrl } from './services.js';
import { type OwnDatabase, ownPostgres } from './sql-databases.js';
import { removeTemporaryFolders, temporaryFolder } from './temporary-folder.js';

/** Two applications in processes of their own on one store. What it says holds once tests run. */
export interface ServerPair {
  readonly urls: readonly string[];
  readonly databaseUrl: string;
  readonly appName: string;
}

/**
 * Describes the same of a pair on LMDB, on Redis and on PostgreSQL.
 * @param settings of both applications, beside their store
 */
export async function describeServerPairs(
  what: string,
  settings: () => object | Promise<object>,
  suite: (pair: ServerPair) => void,
): Promise<void> {
  let files: CompiledFiles;
  beforeAll(async () => {
    files = await compile('test/support/socket-server.ts');
  });
  afterAll(async () => {
    files.remove();
    removeTemporaryFolders();
    await removeRedisApps();
  });

  function describePair(databaseUrl: () => string, appName: string): void {
    const children: JsonChild[] = [];
    const pair = { urls: [] as string[], databaseUrl: '', appName };
    beforeAll(async () => {
      pair.databaseUrl = databaseUrl();
      const json = JSON.stringify(await settings());
      for (let n = 0; n < 2; n++) {
        const args = [files.entry, pair.databaseUrl, appName, 'ws', json];
        const child = new JsonChild(process.execPath, args);
        children.push(child);
        pair.urls.push((await child.next<{ url: string }>())?.url ?? 'it did not start');
      }
    });
    afterAll(() => Promise.all(children.map((child) => child.kill())));
    suite(pair);
  }

  describe(`${what}, on LMDB`, () => {
    const folder = join(temporaryFolder(), 'store');
    describePair(() => `lmdb:${folder}`, randomUUID());
  });

  (await describeWith('Redis'))(`${what}, on Redis`, () => {
    describePair(() => serviceUrl('Redis'), redisAppName(serviceUrl('Redis')));
  });

  (await describeWith('PostgreSQL'))(`${what}, on PostgreSQL`, () => {
    let database: OwnDatabase | undefined;
    beforeAll(async () => {
      database = await ownPostgres();
      await new SqlTokenStore({ url: database.url }).migrate();
    });
    describePair(() => database?.url ?? '', randomUUID());
    // After the processes have ended.
    afterAll(() => database?.drop());
  });
}

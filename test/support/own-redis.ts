import { afterAll, afterEach, beforeAll, beforeEach } from '@jest/globals';
import { Redis } from 'ioredis';
import { RedisTokenStore, type RedisTokenStoreOptions } from '../../src/stores/redis/redis.store.js';
import { RedisServer } from './redis-server.js';
import { removeTemporaryFolders } from './temporary-folder.js';

/** A Redis of a suite's own, emptied before each test, and the stores that a test opens there. */
export class OwnRedis {
  server!: RedisServer;
  admin!: Redis;
  readonly #stores: RedisTokenStore[] = [];

  /** @param timeout of the stores, in seconds */
  constructor(private readonly timeout: number) {
    beforeAll(async () => {
      this.server = await RedisServer.start();
    });
    beforeEach(async () => {
      this.admin = new Redis(this.server.url);
      this.admin.on('error', () => undefined);
      await this.admin.flushall();
    });
    afterEach(async () => {
      await Promise.all(this.#stores.splice(0).map((store) => store.close()));
      this.admin.disconnect();
    });
    afterAll(async () => {
      await this.server.stop();
      removeTemporaryFolders();
    });
  }

  async open(options: Partial<RedisTokenStoreOptions> = {}): Promise<RedisTokenStore> {
    const source = 'client' in options ? options : { url: this.server.url, ...options };
    const store = new RedisTokenStore({ timeout: this.timeout, ...source } as RedisTokenStoreOptions);
    this.#stores.push(store);
    await store.open();
    return store;
  }
}

import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Cluster } from 'ioredis';
import { describeTokenStoreContract, sessionSample } from 'nestjs-fastauth/testing';
import { RedisTokenStore } from '../../src/stores/redis.store.js';
import { untilKept } from '../support/kept-sessions.js';
import { redisAppName } from '../support/redis-apps.js';
import { describeWithOwnRedis, freePort, RedisServer } from '../support/redis-server.js';
import { removeTemporaryFolders } from '../support/temporary-folder.js';

const describeRedis = await describeWithOwnRedis();

describeRedis('a Redis Cluster of three', () => {
  const servers: RedisServer[] = [];
  let client: Cluster;

  beforeAll(async () => {
    for (let n = 0; n < 3; n++) {
      const bus = await freePort();
      servers.push(
        await RedisServer.start(
          '--cluster-enabled',
          'yes',
          '--cluster-port',
          `${bus}`,
          '--cluster-node-timeout',
          '2000',
        ),
      );
    }
    const nodes = servers.map(({ port }) => `127.0.0.1:${port}`);
    await promisify(execFile)('redis-cli', ['--cluster', 'create', ...nodes, '--cluster-yes']);
    client = new Cluster(servers.map(({ port }) => ({ host: '127.0.0.1', port })));
    await client.ping();
  }, 30_000);
  afterAll(async () => {
    client.disconnect();
    await Promise.all(servers.map((server) => server.stop()));
    removeTemporaryFolders();
  });

  async function openStore(appName = redisAppName('')): Promise<RedisTokenStore> {
    const store = new RedisTokenStore({ client, appName });
    await store.open();
    return store;
  }

  describeTokenStoreContract('RedisTokenStore', {
    open: () => openStore(),
    limits: { expiresByItself: true },
  });

  it('spreads clients over the nodes and hears of changes on each', async () => {
    const appName = redisAppName('');
    const [store, other] = await Promise.all([openStore(appName), openStore(appName)]);
    const samples = Array.from({ length: 60 }, () => sessionSample());
    for (const { record, pair } of samples) await other.insert(record, pair, 1);
    const records = samples.map(({ record }) => record);
    await untilKept(store, ...records);
    for (const record of records) await other.revoke(record, record.createdAt + 1);
    await sleep(100);
    for (const record of records) expect((await store.find(record))?.revokedAt).toBe(record.createdAt + 1);
    for (const node of client.nodes('master')) {
      expect((await node.keys(`${appName}:session:*`)).length).toBeGreaterThan(0);
    }
    await Promise.all([store.close(), other.close()]);
  });

  it('keeps nothing in memory while a node is out of reach, and goes on when it is back', async () => {
    const [store, last] = [await openStore(), servers[2] as RedisServer];
    const { record, pair } = sessionSample();
    await store.insert(record, pair, 1);
    await untilKept(store, record);
    last.pause();
    await sleep(2100);
    const found = store.find(record);
    expect(found).toBeInstanceOf(Promise);
    await Promise.allSettled([found]);
    last.resume();
    await untilKept(store, record);
    await store.close();
  }, 40_000);
});

import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Cluster, type Redis } from 'ioredis';
import { describeTokenStoreContract, sessionSample } from 'nestjs-fastauth/store-contract';
import { StoreUnavailableError } from '../../src/errors.js';
import type { SessionRecord } from '../../src/sessions/session-record.js';
import { RedisTokenStore } from '../../src/stores/redis/redis.store.js';
import { isKept, refusedAfter, until, untilKept } from '../support/kept-sessions.js';
import { redisAppName } from '../support/redis-apps.js';
import { describeWithOwnRedis, freePort, RedisServer } from '../support/redis-server.js';
import '../support/silent-logger.js';
import { removeTemporaryFolders } from '../support/temporary-folder.js';
import { Stopwatch } from '../support/stopwatch.js';

const TIME_LIMIT = 1;

const describeRedis = await describeWithOwnRedis();

describeRedis('a Redis Cluster of three, each with a replica', () => {
  let servers: RedisServer[] = [];
  let client: Cluster;
  const stores: RedisTokenStore[] = [];
  const uses: AbortController[] = [];

  beforeAll(async () => {
    servers = await Promise.all(Array.from({ length: 6 }, startNode));
    const nodes = servers.map(({ port }) => `127.0.0.1:${port}`);
    const create = ['--cluster', 'create', ...nodes, '--cluster-replicas', '1', '--cluster-yes'];
    await promisify(execFile)('redis-cli', create);
    client = new Cluster(
      servers.map(({ port }) => ({ host: '127.0.0.1', port })),
      { slotsRefreshInterval: 200 },
    );
    client.on('error', () => undefined);
    await until(() => client.nodes('slave').length === 3, 'There are no replicas');
  }, 60_000);
  afterEach(async () => {
    for (const use of uses.splice(0)) use.abort();
    await Promise.all(stores.splice(0).map((store) => store.close()));
  });
  afterAll(async () => {
    client.disconnect();
    await Promise.all(servers.map((server) => server.stop()));
    removeTemporaryFolders();
  });

  async function startNode(): Promise<RedisServer> {
    const bus = `${await freePort()}`;
    return RedisServer.start(
      '--cluster-enabled',
      'yes',
      '--cluster-port',
      bus,
      '--cluster-node-timeout',
      '2000',
    );
  }

  async function openStore(appName = redisAppName('')): Promise<RedisTokenStore> {
    const store = new RedisTokenStore({ client, appName, timeout: TIME_LIMIT });
    stores.push(store);
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
  }, 40_000);

  /** Sessions on all nodes, and those of one master, which stands first. */
  async function spread(store: RedisTokenStore, appName: string, chosen?: Redis) {
    await untilMasters((info) => info.includes('role:master'), 'The masters are not known');
    const master = chosen ?? client.nodes('master')[0];
    const samples = Array.from({ length: 60 }, () => sessionSample());
    await Promise.all(samples.map(({ record, pair }) => store.insert(record, pair, 1)));
    const records = samples.map(({ record }) => record);
    if (!master) throw new Error('There is no master');
    const keys = await master.keys(`${appName}:session:*`);
    const there = records.filter(({ familyId }) => keys.some((key) => key.endsWith(familyId ?? '')));
    expect(there.length).toBeGreaterThan(0);
    return { master, records, there };
  }

  /** Until this holds for what all masters say; `client` makes new connections to nodes that change their role. */
  async function untilMasters(
    holds: (info: string) => boolean,
    otherwise: string,
    patience?: number,
  ): Promise<void> {
    await until(
      async () => {
        const asked = client.nodes('master').map((node) => node.info('replication'));
        const infos = await Promise.all(asked).catch(() => []);
        return infos.length === 3 && infos.every(holds);
      },
      otherwise,
      patience,
    );
  }

  async function untilReplicated(): Promise<void> {
    await untilMasters((info) => {
      const written = /master_repl_offset:(\d+)/.exec(info)?.[1];
      return written !== undefined && info.includes(`offset=${written},`);
    }, 'A replica stays behind');
  }

  /** Inserts and reads until told to stop. What fails is a 503 in time. */
  function useAllTheWhile(store: RedisTokenStore) {
    const acknowledged: SessionRecord[] = [];
    const refusals: number[] = [];
    const over = new AbortController();
    uses.push(over);
    const used = (async () => {
      while (!over.signal.aborted) {
        const { record, pair } = sessionSample();
        const start = new Stopwatch();
        try {
          await store.insert(record, pair, 1);
          acknowledged.push(record);
        } catch (error) {
          expect(error).toBeInstanceOf(StoreUnavailableError);
          refusals.push(start.ms);
        }
        await sleep(2);
      }
      expect(Math.max(0, ...refusals)).toBeLessThan(TIME_LIMIT * 1000 + 250);
    })();
    const stop = async () => {
      over.abort();
      await used;
      return { acknowledged, refusals };
    };
    return { stop };
  }

  async function expectAll(store: RedisTokenStore, records: readonly SessionRecord[]): Promise<void> {
    for (const record of records) {
      expect(await store.find(record, { fresh: true })).toMatchObject({ refreshHash: record.refreshHash });
    }
  }

  /** Waits for those that fail, too: their time limits would have the store left alone after it can be written to. */
  async function canWriteTo(store: RedisTokenStore, records: readonly SessionRecord[]): Promise<boolean> {
    const written = await Promise.allSettled(records.map((record) => store.label(record, 'there')));
    return written.every(({ status }) => status === 'fulfilled');
  }

  async function expectTracking(
    store: RedisTokenStore,
    other: RedisTokenStore,
    records: readonly SessionRecord[],
  ): Promise<void> {
    await untilKept(store, ...records);
    for (const record of records) {
      await other.revoke(record, record.createdAt + 1);
      expect(await refusedAfter(store, record)).toBeLessThan(250);
    }
  }

  it('follows a failover that an operator asked for, and loses nothing', async () => {
    const appName = redisAppName('');
    const [store, other] = await Promise.all([openStore(appName), openStore(appName)]);
    const { master, records } = await spread(other, appName);
    const use = useAllTheWhile(store);
    const replica = await replicaOf(master);
    expect(await replica.cluster('FAILOVER')).toBe('OK');
    await until(async () => (await replica.info('replication')).includes('role:master'), 'No failover');
    await until(() => canWriteTo(store, records), 'Nothing can be written');
    const { acknowledged } = await use.stop();
    await expectAll(store, [...records, ...acknowledged]);
    await expectTracking(store, other, records);
  }, 40_000);

  it('goes on with the replica of a master that was killed, and has what was replicated', async () => {
    const appName = redisAppName('');
    const [store, other] = await Promise.all([openStore(appName), openStore(appName)]);
    const { master, records, there } = await spread(other, appName);
    await untilReplicated();
    await untilKept(store, ...records);
    const use = useAllTheWhile(store);
    const server = servers.find(({ port }) => port === master.options.port) as RedisServer;
    await server.stop();
    const areDropped = (): boolean => !there.some((record) => isKept(store, record));
    expect(await until(areDropped, 'Kept without a feed')).toBeLessThan(250);
    await untilMasters((info) => info.includes('role:master'), 'No failover', 20_000);
    expect(await until(() => canWriteTo(store, records), 'Nothing can be written')).toBeLessThan(2500);
    const { refusals } = await use.stop();
    expect(refusals.length).toBeGreaterThan(0);
    await until(() => canWriteTo(other, records), 'Nothing can be written');
    await expectAll(store, records);
    await expectTracking(store, other, records);
  }, 60_000);

  it('drops what it keeps when a node that has no replica is heard of no more', async () => {
    const appName = redisAppName('');
    const [store, other] = await Promise.all([openStore(appName), openStore(appName)]);
    const alone = await masterWithoutReplica();
    const { master, records, there } = await spread(other, appName, alone);
    await untilKept(store, ...records);
    await master.call('CLIENT', 'KILL', 'TYPE', 'normal');
    await until(() => canWriteTo(other, there), 'Nothing can be written');
    await Promise.all(there.map((record) => other.revoke(record, record.createdAt + 1)));
    for (const record of there) expect(await refusedAfter(store, record)).toBeLessThan(250);
  });

  async function replicaOf(master: Redis): Promise<Redis> {
    const replica = await findReplica(master);
    if (!replica) throw new Error(`${master.options.port} has no replica`);
    return replica;
  }

  /** There is one since a master was killed. */
  async function masterWithoutReplica(): Promise<Redis> {
    await until(() => client.nodes('slave').length === 2, 'The failover is not known');
    for (const master of client.nodes('master')) if (!(await findReplica(master))) return master;
    throw new Error('All have a replica');
  }

  async function findReplica({ options: { port } }: Redis): Promise<Redis | undefined> {
    for (const replica of client.nodes('slave')) {
      if ((await replica.info('replication')).includes(`master_port:${port}`)) return replica;
    }
    return undefined;
  }
});

import { afterAll, afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import { once } from 'node:events';
import { Logger } from '@nestjs/common';
import { Redis } from 'ioredis';
import { sessionSample } from 'nestjs-fastauth/store-contract';
import { SystemClock } from '../../src/clock.js';
import { StoreUnavailableError, UnauthorizedError } from '../../src/errors.js';
import type { SessionRecord } from '../../src/sessions/session-record.js';
import { closeRedis, redisConnection } from '../../src/stores/redis/connection.js';
import { RedisTokenStore } from '../../src/stores/redis/redis.store.js';
import type { TokenService } from '../../src/tokens/token.service.js';
import { isKept, refusedAfter, until, untilKept, untilReachable } from '../support/kept-sessions.js';
import { describeWithOwnRedis, RedisServer } from '../support/redis-server.js';
import '../support/silent-logger.js';
import { removeTemporaryFolders } from '../support/temporary-folder.js';
import { createTokenService } from '../support/token-service.js';
import { Stopwatch } from '../support/stopwatch.js';

// Sentinels find each other by a word every two seconds, and a failover takes some more.
jest.setTimeout(60_000);

const NAME = 'fleet';
const TIME_LIMIT = 0.5;
const SENTINELS = 3;

const keyOf = ({ clientId, familyId }: SessionRecord): string => `fastauth:session:{${clientId}}:${familyId}`;

const describeRedis = await describeWithOwnRedis();

describeRedis('RedisTokenStore, found by Sentinels', () => {
  let master: RedisServer;
  let replica: RedisServer;
  let sentinels: RedisServer[];
  const stores: RedisTokenStore[] = [];
  const clients: Redis[] = [];

  beforeEach(async () => {
    master = await RedisServer.start();
    replica = await RedisServer.start('--replicaof', '127.0.0.1', `${master.port}`);
    const admin = direct(master);
    await until(async () => (await admin.info('replication')).includes('state=online'), 'No replica');
    sentinels = await Promise.all(
      Array.from({ length: SENTINELS }, () => RedisServer.startSentinel(NAME, master)),
    );
    for (const sentinel of sentinels) await untilKnown(direct(sentinel));
  });
  afterEach(async () => {
    await Promise.all(stores.splice(0).map((store) => store.close()));
    for (const client of clients.splice(0)) client.disconnect();
    await Promise.all([master, replica, ...sentinels].map((server) => server.stop()));
  });
  afterAll(removeTemporaryFolders);

  function direct(server: RedisServer): Redis {
    const client = new Redis(server.url, { protocol: 2 });
    client.on('error', () => undefined);
    clients.push(client);
    return client;
  }

  function bySentinels(): Redis {
    const places = sentinels.map(({ port }) => ({ host: '127.0.0.1', port }));
    return new Redis({ sentinels: places, name: NAME, lazyConnect: true });
  }

  /** Until a Sentinel knows the replica and all others. */
  async function untilKnown(sentinel: Redis): Promise<void> {
    await until(async () => {
      const answer = (await sentinel.call('SENTINEL', 'MASTER', NAME)) as string[];
      const value = (field: string): number => Number(answer[answer.indexOf(field) + 1]);
      return value('num-slaves') === 1 && value('num-other-sentinels') === SENTINELS - 1;
    }, 'The Sentinels do not know each other');
  }

  /** Hears of the next failover. Sentinels name the new master a moment earlier, when asked. */
  async function failover(): Promise<{ readonly done: Promise<unknown> }> {
    const listeners = sentinels.map(direct);
    await Promise.all(listeners.map((sentinel) => sentinel.subscribe('+switch-master')));
    return { done: Promise.race(listeners.map((sentinel) => once(sentinel, 'message'))) };
  }

  async function openStore(): Promise<RedisTokenStore> {
    const store = new RedisTokenStore({ client: bySentinels(), timeout: TIME_LIMIT });
    stores.push(store);
    await store.open();
    return store;
  }

  const serviceOn = (store: RedisTokenStore): TokenService =>
    createTokenService({}, store, new SystemClock()).service;

  /** Issues, refreshes and revokes, and waits until the replica has all of it. */
  async function replicatedTokens(tokens: TokenService) {
    const issue = (): Promise<{ accessToken: string; refreshToken: string }> => tokens.issue();
    const live = await Promise.all(Array.from({ length: 10 }, issue));
    const before = await Promise.all(Array.from({ length: 10 }, issue));
    const after = await Promise.all(before.map(({ refreshToken }) => tokens.refresh(refreshToken)));
    const revoked = await Promise.all(Array.from({ length: 10 }, issue));
    for (const { refreshToken } of revoked) expect(await tokens.revokeToken(refreshToken)).toBe(true);
    const admin = direct(master);
    // WAIT counts from the last write of its own connection.
    await admin.set('mark', 1);
    expect(await admin.wait(1, 5000)).toBe(1);
    return {
      async expectAll(): Promise<void> {
        for (const { accessToken } of [...live, ...after]) await tokens.verify(accessToken);
        for (const { accessToken } of [...before, ...revoked]) {
          await expect(tokens.verify(accessToken)).rejects.toThrow(UnauthorizedError);
        }
        for (const { refreshToken } of revoked) {
          await expect(tokens.refresh(refreshToken)).rejects.toThrow('Invalid refresh token');
        }
        for (const { refreshToken } of [...live, ...after]) await tokens.refresh(refreshToken);
      },
    };
  }

  /** Issues until that works; each refusal is a 503 in time. @returns how many there were */
  async function refusalsUntilIssued(tokens: TokenService): Promise<number> {
    let refusals = 0;
    await until(async () => {
      const start = new Stopwatch();
      const error: unknown = await tokens.issue().then(
        () => undefined,
        (error: unknown) => error,
      );
      if (error === undefined) return true;
      expect(error).toBeInstanceOf(StoreUnavailableError);
      expect(start.ms).toBeLessThan(TIME_LIMIT * 1000 + 250);
      refusals++;
      return false;
    }, 'Nothing can be issued');
    return refusals;
  }

  async function put(store: RedisTokenStore): Promise<SessionRecord> {
    const { record, pair } = sessionSample();
    await store.insert(record, pair, 1);
    return record;
  }

  async function expectTracking(store: RedisTokenStore, other: RedisTokenStore): Promise<void> {
    const record = await put(other);
    await untilKept(store, record);
    await other.revoke(record, record.createdAt + 1);
    expect(await refusedAfter(store, record)).toBeLessThan(250);
  }

  it('answers 503 while the master is gone, keeps nothing, and goes on with the replica', async () => {
    const [store, other] = await Promise.all([openStore(), openStore()]);
    const tokens = serviceOn(store);
    const written = await replicatedTokens(tokens);
    const record = await put(store);
    await untilKept(store, record);
    await master.stop();
    expect(await until(() => !isKept(store, record), 'Kept without a feed')).toBeLessThan(250);
    expect(await refusalsUntilIssued(tokens)).toBeGreaterThan(0);
    await written.expectAll();
    await untilReachable(other);
    await expectTracking(store, other);
  });

  it('follows a failover that an operator asked for', async () => {
    const [store, other] = await Promise.all([openStore(), openStore()]);
    const tokens = serviceOn(store);
    const written = await replicatedTokens(tokens);
    const { done } = await failover();
    await direct(sentinels[0] as RedisServer).call('SENTINEL', 'FAILOVER', NAME);
    await done;
    const promoted = direct(replica);
    const isThere = async (): Promise<boolean> => {
      const record = await put(store).catch(() => undefined);
      return record !== undefined && (await promoted.exists(keyOf(record))) === 1;
    };
    expect(await until(isThere, 'Still on the old master')).toBeLessThan(2500);
    await written.expectAll();
    await untilReachable(other);
    await expectTracking(store, other);
  });

  it('does not write to a master that was given up and believes that it is one still', async () => {
    const store = await openStore();
    const { done } = await failover();
    master.pause();
    await done;
    master.resume();
    // Sentinels leave it a master for some seconds; what it acknowledges is lost.
    expect(await direct(master).info('replication')).toContain('role:master');
    await untilReachable(store);
    const record = await put(store);
    const key = keyOf(record);
    expect([await direct(master).exists(key), await direct(replica).exists(key)]).toEqual([0, 1]);
  });

  it('passes over a Sentinel that takes connections and answers nothing', async () => {
    sentinels[0]?.pause();
    const warn = jest.spyOn(Logger.prototype, 'warn').mockReturnValue();
    const store = await openStore();
    expect(warn.mock.calls.flat().join()).toContain('No connection to Redis yet');
    warn.mockRestore();
    expect(await untilReachable(store)).toBeLessThan(2500);
    await untilKept(store, await put(store));
  });

  it('connects again after a connection that was given up while a Sentinel was asked', async () => {
    const connection = await redisConnection({ client: bySentinels() }, TIME_LIMIT);
    connection.connect().catch(() => undefined);
    // What ioredis does to itself when it hears of a failover in that moment.
    connection.disconnect(true);
    await until(() => connection.status === 'ready', 'No connection');
    closeRedis(connection);
    await until(() => connection.status === 'end', 'It did not close');
  });
});

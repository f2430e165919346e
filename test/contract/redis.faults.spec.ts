import { describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { Redis } from 'ioredis';
import { setTimeout as sleep } from 'node:timers/promises';
import { rotatedSample, sessionSample } from 'nestjs-fastauth/store-contract';
import { SystemClock } from '../../src/clock.js';
import { StoreUnavailableError, UnauthorizedError } from '../../src/errors.js';
import type { SessionRecord } from '../../src/sessions/session-record.js';
import type { RedisTokenStore } from '../../src/stores/redis/redis.store.js';
import { FEED_SILENCE_MS } from '../../src/stores/tracked-sessions.js';
import { isKept, refusedAfter, until, untilKept, untilReachable } from '../support/kept-sessions.js';
import { OwnRedis } from '../support/own-redis.js';
import { describeWithOwnRedis, RedisServer } from '../support/redis-server.js';
import '../support/silent-logger.js';
import { TcpRelay } from '../support/tcp-relay.js';
import { createTokenService } from '../support/token-service.js';
import { Stopwatch } from '../support/stopwatch.js';

const TIME_LIMIT = 0.5;
const keyOf = ({ clientId, familyId }: SessionRecord): string => `fastauth:session:{${clientId}}:${familyId}`;

const describeRedis = await describeWithOwnRedis();

describeRedis('RedisTokenStore, when something fails', () => {
  const redis = new OwnRedis(TIME_LIMIT);

  async function put(store: RedisTokenStore): Promise<SessionRecord> {
    const { record, pair } = sessionSample();
    await store.insert(record, pair, 1);
    return record;
  }

  it('asks for the time again when Redis takes a write for late that is not', async () => {
    const store = await redis.open();
    await put(store);
    const now = performance.now.bind(performance);
    // As if the clock of Redis had been set forward.
    const clock = jest.spyOn(performance, 'now').mockImplementation(() => now() - 60_000);
    try {
      await put(store);
    } finally {
      clock.mockRestore();
    }
  });

  describe('the tracked cache', () => {
    it.each<[string, (record: SessionRecord) => Promise<unknown>]>([
      ['FLUSHALL', () => redis.admin.flushall()],
      ['a deleted key', async () => redis.admin.del(...(await redis.admin.keys('fastauth:session:*')))],
      [
        'an early end',
        async () => redis.admin.pexpire((await redis.admin.keys('fastauth:session:*'))[0] ?? '', 30),
      ],
    ])('hears of %s by an operator', async (_, change) => {
      const store = await redis.open();
      const heard: unknown[] = [];
      const record = await put(store);
      await untilKept(store, record);
      store.watch((changed) => heard.push(changed?.familyId ?? changed));
      await change(record);
      expect(await refusedAfter(store, record)).toBeLessThan(250);
      expect(heard.length).toBeGreaterThan(0);
    });

    it('is dropped when the feed is cut, and used again once it is back', async () => {
      const [store, other] = await Promise.all([redis.open(), redis.open()]);
      const record = await put(other);
      await untilKept(store, record);
      const heard: unknown[] = [];
      store.watch((changed) => heard.push(changed));
      await redis.admin.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
      await other.revoke(record, record.createdAt + 1);
      expect(await refusedAfter(store, record)).toBeLessThan(250);
      const next = await put(other);
      await untilKept(store, next);
      expect(heard.filter((changed) => changed === undefined).length).toBeGreaterThanOrEqual(2);
      await other.revoke(next, next.createdAt + 1);
      expect(await refusedAfter(store, next)).toBeLessThan(250);
    });

    it(`is used for ${FEED_SILENCE_MS} ms at most when the feed falls silent without a word`, async () => {
      const relay = await TcpRelay.start(redis.server.port);
      const [store, other] = await Promise.all([
        redis.open({ url: `redis://127.0.0.1:${relay.port}` }),
        redis.open(),
      ]);
      const record = await put(other);
      await untilKept(store, record);
      expect(relay.mute('subscribe')).toBe(1);
      await other.revoke(record, record.createdAt + 1);
      expect(isKept(store, record)).toBe(true);
      expect(await refusedAfter(store, record)).toBeLessThan(FEED_SILENCE_MS + 250);
      // Another connection is made by itself.
      await untilKept(store, await put(other));
      await relay.stop();
    });

    it('is left alone where the server does not track', async () => {
      await redis.admin.acl('SETUSER', 'plain', 'on', '>pw', '~*', '&*', '+@all', '-client|tracking');
      const store = await redis.open({ url: `redis://plain:pw@127.0.0.1:${redis.server.port}` });
      const record = await put(store);
      await sleep(200);
      expect(await store.find(record)).toMatchObject({ familyId: record.familyId });
      expect(isKept(store, record)).toBe(false);
    });

    it('never refuses a pair that another process has just refreshed', async () => {
      const config = { refreshGrace: 0 };
      const [store, other] = await Promise.all([redis.open(), redis.open()]);
      const here = createTokenService(config, store, new SystemClock()).service;
      const there = createTokenService(config, other, new SystemClock()).service;
      let pair = await there.issue({ clientId: 'c' });
      for (let round = 0; round < 100; round++) {
        await here.verify(pair.accessToken);
        await here.verify(pair.accessToken);
        const next = await (round % 2 ? here : there).refresh(pair.refreshToken);
        await Promise.all([here.verify(next.accessToken), there.verify(next.accessToken)]);
        pair = next;
      }
    });
  });

  it('answers a stalled server with unavailable in time, and comes back by itself', async () => {
    const store = await redis.open();
    const record = await put(store);
    await untilKept(store, record);
    redis.server.pause();
    try {
      const start = new Stopwatch();
      const { record: other, pair } = sessionSample();
      const calls = [
        store.find({ ...record, familyId: 'not kept' }),
        store.insert(other, pair, 1),
        store.list(record.clientId),
        store.revoke(record, record.createdAt + 1),
        store.ping(),
      ];
      for (const call of calls) await expect(call).rejects.toThrow(StoreUnavailableError);
      expect(start.ms).toBeLessThan(TIME_LIMIT * 1000 + 250);
      await sleep(FEED_SILENCE_MS);
      // Nobody can know whether it was revoked.
      await expect(store.find(record)).rejects.toThrow(StoreUnavailableError);
    } finally {
      redis.server.resume();
    }
    expect(await untilReachable(store)).toBeLessThan(2500);
    expect(await store.find(record)).toMatchObject({ familyId: record.familyId });
    await untilKept(store, await put(store));
  });

  it('finds nothing after the server was started anew, empty', async () => {
    const store = await redis.open();
    const record = await put(store);
    await untilKept(store, record);
    await redis.server.stop();
    await expect(store.insert(...insertion())).rejects.toThrow(StoreUnavailableError);
    await redis.server.start();
    expect(await refusedAfter(store, record)).toBeLessThan(5000);
    expect(await store.find(record)).toBeUndefined();
    await untilKept(store, await put(store));
  });

  it('opens while the server is down, and works when it is there', async () => {
    await redis.server.stop();
    const warn = jest.spyOn(Logger.prototype, 'warn').mockReturnValue();
    const store = await redis.open();
    expect(warn.mock.calls.flat().join()).toMatch(/No connection to Redis yet.*ECONNREFUSED/);
    warn.mockRestore();
    await expect(store.ping()).rejects.toThrow('ECONNREFUSED');
    await redis.server.start();
    await untilReachable(store);
    await untilKept(store, await put(store));
  });

  it('gives the same pair to a client whose refresh was done and not answered', async () => {
    const relay = await TcpRelay.start(redis.server.port);
    const store = await redis.open({ url: `redis://127.0.0.1:${relay.port}` });
    const { service } = createTokenService({}, store, new SystemClock());
    const issued = await service.issue({ clientId: 'c' });
    relay.loseAnswerTo('string.sub(stored, 18, 53)');
    await expect(service.refresh(issued.refreshToken)).rejects.toThrow(StoreUnavailableError);
    const direct = await redis.open();
    const stored = (await direct.list('c'))[0];
    expect(stored?.generation).toBe(1);
    let again;
    for (let tries = 0; again === undefined && tries < 100; tries++) {
      again = await service.refresh(issued.refreshToken).catch(() => sleep(50));
    }
    expect((await direct.list('c'))[0]).toEqual(stored);
    await service.verify(again?.accessToken ?? '');
    await relay.stop();
  });

  it('says what Redis answers, and nothing of what was sent', async () => {
    const store = await redis.open();
    const record = await put(store);
    const [key = ''] = await redis.admin.keys('fastauth:session:*');
    await redis.admin.del(key);
    await redis.admin.lpush(key, 'another type');
    const error = await Promise.resolve(store.find(record)).catch((error: unknown) => error);
    expect(error).toBeInstanceOf(StoreUnavailableError);
    expect(error).toMatchObject({ message: 'Redis answered WRONGTYPE.', answered: true });
    await redis.admin.set(key, 'no value of ours');
    await expect(store.find(record)).rejects.toThrow('damaged');
    const next = rotatedSample(record);
    expect(await store.rotate(next.record, next.pair)).toBe(false);
  });

  it('refuses to write when memory is full, and reads and revokes all the same', async () => {
    const store = await redis.open();
    const { service } = createTokenService({}, store, new SystemClock());
    const kept = await put(store);
    const issued = await service.issue({ clientId: 'c' });
    await redis.admin.config('SET', 'maxmemory', '1');
    try {
      const [record, pair] = insertion();
      // However often, it is no reason to leave the server alone.
      for (let n = 0; n < 10; n++) {
        await expect(store.insert(record, pair, Infinity)).rejects.toThrow('Redis answered OOM.');
      }
      expect(await store.find(record)).toBeUndefined();
      // There may be room again in a moment: 503.
      await expect(service.issue({ clientId: 'd' })).rejects.toThrow(StoreUnavailableError);
      await expect(service.refresh(issued.refreshToken)).rejects.toThrow(StoreUnavailableError);
      await service.verify(issued.accessToken);
      const left = await redis.admin.pttl(keyOf(kept));
      expect(await store.revoke(kept, kept.createdAt + 1)).toBe(true);
      expect(await store.find(kept, { fresh: true })).toMatchObject({ revokedAt: kept.createdAt + 1 });
      expect(Math.abs((await redis.admin.pttl(keyOf(kept))) - left)).toBeLessThan(1000);
      expect(await store.revokeClient('c', 1)).toHaveLength(1);
      await expect(service.verify(issued.accessToken)).rejects.toThrow(UnauthorizedError);
    } finally {
      await redis.admin.config('SET', 'maxmemory', '0');
    }
    await put(store);
  });

  it('goes on reading, at once, while its server refuses to write', async () => {
    const store = await redis.open({ trackedCacheSize: 0 });
    const record = await put(store);
    await redis.admin.config('SET', 'min-replicas-to-write', '1');
    try {
      for (let n = 0; n < 10; n++) {
        await expect(store.insert(...insertion())).rejects.toMatchObject({ answered: false });
      }
      for (let n = 0; n < 10; n++) {
        expect(await store.find(record, { fresh: true })).toMatchObject({ familyId: record.familyId });
      }
    } finally {
      await redis.admin.config('SET', 'min-replicas-to-write', '0');
    }
  });

  it('writes where an access list forbids TIME, and warns that it does without a deadline', async () => {
    await redis.admin.acl('SETUSER', 'timeless', 'on', '>pw', '~*', '&*', '+@all', '-time');
    const warn = jest.spyOn(Logger.prototype, 'warn').mockReturnValue();
    const store = await redis.open({ url: `redis://timeless:pw@127.0.0.1:${redis.server.port}` });
    const record = await put(store);
    await put(store);
    expect(await store.find(record)).toMatchObject({ familyId: record.familyId });
    expect(
      warn.mock.calls.flat().filter((text) => /Redis refuses the command TIME/.test(String(text))),
    ).toHaveLength(1);
    warn.mockRestore();
  });

  it('answers 503 while its server is a replica, and goes on when it is a primary', async () => {
    const store = await redis.open();
    const record = await put(store);
    // Of a master that is not there.
    await redis.admin.replicaof('127.0.0.1', '1');
    try {
      await expect(store.insert(...insertion())).rejects.toMatchObject({
        message: 'Redis answered READONLY.',
        answered: false,
      });
      await untilReachable(store);
      expect(await store.find(record, { fresh: true })).toMatchObject({ familyId: record.familyId });
      await redis.admin.config('SET', 'replica-serve-stale-data', 'no');
      await expect(store.find(record, { fresh: true })).rejects.toMatchObject({
        message: 'Redis answered MASTERDOWN.',
        answered: false,
      });
    } finally {
      await redis.admin.config('SET', 'replica-serve-stale-data', 'yes');
      await redis.admin.replicaof('NO', 'ONE');
    }
    await untilReachable(store);
    await untilKept(store, await put(store));
  });

  it('answers 503 while its server loads its data, and has them then', async () => {
    const loading = await RedisServer.start(
      '--enable-debug-command',
      'yes',
      '--loading-process-events-interval-bytes',
      '1024',
    );
    const operator = new Redis(loading.url);
    const store = await redis.open({ url: loading.url });
    const records = await Promise.all(Array.from({ length: 100 }, () => put(store)));
    const [record] = records as [SessionRecord];
    await operator.config('SET', 'key-load-delay', '10000');
    const loaded = operator.call('DEBUG', 'RELOAD');
    await until(
      () =>
        Promise.resolve(store.find(record, { fresh: true })).then(
          () => false,
          ({ message, answered }: StoreUnavailableError) =>
            message === 'Redis answered LOADING.' && !answered,
        ),
      'It was not loading',
    );
    await loaded;
    await untilReachable(store);
    await untilKept(store, ...records);
    operator.disconnect();
    await store.close();
    await loading.stop();
  });

  it('waits for a slow server, up to its time limit', async () => {
    const store = await redis.open();
    const record = await put(store);
    await redis.admin.call('CLIENT', 'PAUSE', String(TIME_LIMIT * 500), 'ALL');
    expect(await store.find(record, { fresh: true })).toMatchObject({ familyId: record.familyId });
    await redis.admin.call('CLIENT', 'PAUSE', String(TIME_LIMIT * 3000), 'ALL');
    const start = new Stopwatch();
    await expect(store.find(record, { fresh: true })).rejects.toThrow('within the time limit');
    expect(start.ms).toBeLessThan(TIME_LIMIT * 1000 + 250);
    await untilReachable(store);
    expect(await store.find(record, { fresh: true })).toMatchObject({ familyId: record.familyId });
  });

  it.each([
    ['garbage', 'HTTP/1.1 400 Bad Request\r\n\r\n', false],
    ['half an answer', '$1000\r\nhalf', false],
    ['half an answer, and the end', '$1000\r\nhalf', true],
    ['the end', '', true],
    ['an answer of another type', ':1\r\n', false],
    ['an answer that is no value of ours', '$4\r\nnone\r\n', false],
  ])('answers 503 to %s, and asks again over another connection', async (_, answer, isEnd) => {
    const relay = await TcpRelay.start(redis.server.port);
    const store = await redis.open({ url: `redis://127.0.0.1:${relay.port}`, trackedCacheSize: 0 });
    const record = await put(store);
    // A read is tried again; a write is not.
    relay.answerTo(keyOf(record), answer, isEnd);
    const start = new Stopwatch();
    const found = await Promise.resolve(store.find(record)).catch((error: unknown) => error);
    if (found instanceof Error) expect(found).toBeInstanceOf(StoreUnavailableError);
    else expect(found).toMatchObject({ familyId: record.familyId });
    expect(start.ms).toBeLessThan(TIME_LIMIT * 1000 + 250);
    await until(
      () =>
        Promise.resolve(store.find(record)).then(
          (again) => again?.familyId === record.familyId,
          () => false,
        ),
      'It is not found again',
    );
    await relay.stop();
  });

  it('says that Redis refuses its password, at the start and in each 503', async () => {
    await redis.admin.acl('SETUSER', 'guarded', 'on', '>right', '~*', '&*', '+@all');
    const url = (password: string) => `redis://guarded:${password}@127.0.0.1:${redis.server.port}`;
    const words = `Redis at 127.0.0.1:${redis.server.port} refuses the password of the user "guarded" (WRONGPASS)`;
    await expect(redis.open({ url: url('wrong') })).rejects.toThrow(words);
    const store = await redis.open({ url: url('right') });
    await store.ping();
    await redis.admin.acl('SETUSER', 'guarded', 'resetpass', '>other');
    await redis.admin.client('KILL', 'USER', 'guarded');
    await until(
      () =>
        store
          .ping()
          .catch((error: Error) => error.message.includes(words))
          .then(Boolean),
      'it says so',
      5000,
    );
    await expect(store.ping()).rejects.toMatchObject({ answered: false });
  });

  it.each([
    ['allkeys-lru', '1gb', 1],
    ['allkeys-lru', '0', 0],
    ['noeviction', '1gb', 0],
  ])('with maxmemory-policy %s and maxmemory %s gives %d warnings', async (policy, memory, warnings) => {
    await redis.admin.config('SET', 'maxmemory-policy', policy);
    await redis.admin.config('SET', 'maxmemory', memory);
    const warn = jest.spyOn(Logger.prototype, 'warn').mockReturnValue();
    try {
      await redis.open();
      const said = warn.mock.calls.flat();
      expect(said).toHaveLength(warnings);
      for (const text of said) expect(text).toContain('maxmemory-policy allkeys-lru');
    } finally {
      warn.mockRestore();
      await redis.admin.config('SET', 'maxmemory-policy', 'noeviction');
      await redis.admin.config('SET', 'maxmemory', '0');
    }
  });

  it("takes the settings of an application's client, and leaves it alone", async () => {
    const client = new Redis(redis.server.url, { keyPrefix: 'app:', db: 3, enableOfflineQueue: true });
    const store = await redis.open({ client });
    await store.close();
    const own = await redis.open({ client });
    const record = await put(own);
    await untilKept(own, record);
    await client.select(3);
    // The session, its client's index, and the mark by which the database is known again.
    expect(await client.dbsize()).toBe(3);
    await own.close();
    expect(await client.ping()).toBe('PONG');
    client.disconnect();
  });

  function insertion(): [SessionRecord, ReturnType<typeof sessionSample>['pair'], number] {
    const { record, pair } = sessionSample();
    return [record, pair, 1];
  }
});

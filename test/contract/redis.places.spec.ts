import { expect, it, jest } from '@jest/globals';
import { Redis } from 'ioredis';
import { rotatedSample, sessionSample } from 'nestjs-fastauth/store-contract';
import { ConfigError } from '../../src/errors.js';
import type { SessionRecord } from '../../src/sessions/session-record.js';
import type { RedisTokenStore } from '../../src/stores/redis/redis.store.js';
import { until, untilKept } from '../support/kept-sessions.js';
import { OwnRedis } from '../support/own-redis.js';
import { describeWithOwnRedis, RedisServer } from '../support/redis-server.js';
import '../support/silent-logger.js';

jest.setTimeout(30_000);
const describeRedis = await describeWithOwnRedis();

describeRedis('the place of sessions in Redis', () => {
  const redis = new OwnRedis(2);

  async function inserted(store: RedisTokenStore, clientId?: string): Promise<SessionRecord> {
    const { record, pair } = sessionSample({ clientId });
    await store.insert(record, pair, 1);
    return record;
  }

  it.each(['flushdb', 'flushall', 'swapdb'] as const)(
    'is emptied by %s, which memory hears of',
    async (command) => {
      const store = await redis.open();
      const record = await inserted(store);
      await untilKept(store, record);
      const heard: unknown[] = [];
      store.watch((changed) => heard.push(changed));
      if (command === 'swapdb') await redis.admin.swapdb(0, 1);
      else await redis.admin[command]();
      await until(async () => (await store.find(record)) === undefined, 'it is gone', 4000);
      expect(heard).toContain(undefined);
      // It goes on being told of changes there.
      const next = await inserted(store);
      await untilKept(store, next);
    },
  );

  it('has the keyPrefix of the client that was handed in, so that tenants do not meet', async () => {
    const clients = ['tenant *[a]:', 'tenant b:'].map(
      (keyPrefix) => new Redis(redis.server.url, { keyPrefix, lazyConnect: true }),
    );
    const [a, b] = (await Promise.all(clients.map((client) => redis.open({ client })))) as [
      RedisTokenStore,
      RedisTokenStore,
    ];
    const second = await redis.open({ client: clients[0] as Redis });
    const record = await inserted(a, 'ada');
    expect(await b.list('ada')).toEqual([]);
    expect(await b.revokeClient('ada', 1)).toEqual([]);
    expect(await a.keyUse(0)).toHaveLength(1);
    expect(await b.keyUse(0)).toEqual([]);
    const keys = await redis.admin.keys('*');
    expect(keys.filter((key) => !key.startsWith('tenant '))).toEqual([]);

    await untilKept(a, record);
    const next = rotatedSample(record);
    expect(await second.rotate(next.record, next.pair)).toBe(true);
    await until(async () => (await a.find(record))?.generation === 1, 'it is told', 1000);
    expect(await second.revokeClient('ada', 2)).toEqual([record.familyId]);
    await until(async () => (await a.find(record))?.revokedAt === 2, 'it is told', 1000);
  });

  it.each([
    ['a database that there is not', '/99', /127\.0\.0\.1:\d+ has no database 99/],
    ['a password that is wrong', 'ada:sesame@', /refuses the password of the user "ada" \(WRONGPASS\)/],
    [
      'a password in the place of the user',
      'sesame@',
      /there is a user, but no password.*"redis:\/\/:<password>@<host>"/,
    ],
  ])('is refused at the start: %s', async (_, place, words) => {
    const url = place.endsWith('@') ? redis.server.url.replace('//', `//${place}`) : redis.server.url + place;
    const refused = await redis.open({ url }).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(ConfigError);
    expect((refused as Error).message).toMatch(words);
    expect((refused as Error).message).not.toContain('sesame');
    expect(await redis.admin.dbsize()).toBe(0);
  });

  it('is refused at the start where a password is missing', async () => {
    const locked = await RedisServer.start();
    const keeper = new Redis(locked.url);
    await keeper.config('SET', 'requirepass', 'sesame');
    const refused = await redis.open({ url: locked.url }).catch((error: unknown) => error);
    expect(String(refused)).toMatch(/asks for a password, and there is none \(NOAUTH\)/);
    keeper.disconnect();
    await locked.stop();
  });
});

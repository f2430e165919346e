import { afterAll, describe, expect, it, jest } from '@jest/globals';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SystemClock } from '../../src/clock.js';
import type { TokenStore } from '../../src/sessions/token-store.js';
import { LmdbTokenStore } from '../../src/stores/lmdb/lmdb.store.js';
import { MemoryTokenStore } from '../../src/stores/memory/memory.store.js';
import { RedisTokenStore } from '../../src/stores/redis/redis.store.js';
import { RestTokenStore } from '../../src/stores/rest/rest.store.js';
import { SqlTokenStore } from '../../src/stores/sql/sql.store.js';
import { PersistenceServer } from '../support/persistence-server.js';
import { redisAppName, removeRedisApps } from '../support/redis-apps.js';
import { describeWith, serviceUrl, type Service } from '../support/services.js';
import { ownMariadb, ownPostgres } from '../support/sql-databases.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';
import { createTokenService } from '../support/token-service.js';

jest.setTimeout(60_000);
const RACES = 200;
const AT_ONCE = 20;
/** When the REST store has looked twice at what it closed. */
const SETTLED_MS = 1500;
const closing: (() => Promise<void>)[] = [];

/** Two stores on the same data, as two processes have them. */
type Twins = () => Promise<readonly [TokenStore, TokenStore]>;

async function opened<T extends TokenStore>(make: () => T): Promise<readonly [T, T]> {
  const stores = [make(), make()] as const;
  for (const store of stores) {
    await store.open();
    closing.push(() => store.close());
  }
  return stores;
}

async function sqlTwins(own: typeof ownPostgres): Promise<readonly [SqlTokenStore, SqlTokenStore]> {
  const { url, drop } = await own();
  closing.push(drop);
  await new SqlTokenStore({ url }).migrate();
  return opened(() => new SqlTokenStore({ url, timeout: 5 }));
}

const SERVERS: readonly [Service, Twins][] = [
  [
    'Redis',
    async () => {
      const [url, appName] = [serviceUrl('Redis'), redisAppName(serviceUrl('Redis'))];
      return opened(() => new RedisTokenStore({ url, appName, timeout: 5 }));
    },
  ],
  ['PostgreSQL', () => sqlTwins(ownPostgres)],
  ['MariaDB', () => sqlTwins(ownMariadb)],
];

/** What is revoked while the refresh token is being spent, and by which of the two. */
const PRESENTED = ['accessToken', 'refreshToken', 'clientId'] as const;

/** @param settlesWithin how long a store without transactions may take to close again what a race opened, in milliseconds */
function holds(twins: Twins, settlesWithin = 0): void {
  it.each(PRESENTED)(
    `an acknowledged revocation by the ${'%s'} ends the session, ${RACES} races with its refresh`,
    async (presented) => {
      const [one, two] = await twins();
      const config = { sessionsPerClient: Infinity };
      const here = createTokenService(config, one, new SystemClock()).service;
      const there = createTokenService(config, two, new SystemClock()).service;
      let refreshed = 0;
      /** Answers a function that tells whether the session lives. */
      const race = async (n: number): Promise<() => Promise<boolean>> => {
        const issued = await here.issue({ clientId: `${presented}-${n}` });
        // Either may be a little earlier, so that each order is seen.
        const later = async <T>(act: () => Promise<T>, turns: number): Promise<T> => {
          for (let turn = 0; turn < turns; turn++) await new Promise(setImmediate);
          return act();
        };
        const revoke = (): Promise<unknown> =>
          presented === 'clientId'
            ? there.revokeClient(issued.clientId)
            : there.revokeToken(issued[presented]);
        const [pair] = await Promise.all([
          later(() => here.refresh(issued.refreshToken), n % 3).catch(() => undefined),
          later(revoke, Math.floor(n / 3) % 5),
        ]);
        if (pair) refreshed++;
        return async () => {
          const [record] = await one.list(issued.clientId);
          const ended = [issued, pair].flatMap((tokens) =>
            tokens ? [there.refresh(tokens.refreshToken)] : [],
          );
          const answers = await Promise.allSettled(ended);
          const isClosed = record === undefined || record.revokedAt !== undefined;
          return !(isClosed && answers.every(({ status }) => status === 'rejected'));
        };
      };
      const raced: (() => Promise<boolean>)[] = [];
      for (let n = 0; n < RACES; n += AT_ONCE) {
        raced.push(...(await Promise.all(Array.from({ length: AT_ONCE }, (_, index) => race(n + index)))));
      }
      await sleep(settlesWithin);
      const lives = await Promise.all(raced.map((isAlive) => isAlive()));
      expect(lives.filter(Boolean)).toEqual([]);
      // Otherwise it was no race.
      expect(refreshed).toBeGreaterThan(0);
    },
  );
}

afterAll(async () => {
  for (const close of closing.toReversed()) await close();
  await removeRedisApps();
  removeTemporaryFolders();
});

describe('in memory', () => {
  holds(async () => {
    const store = new MemoryTokenStore();
    return [store, store];
  });
});

describe('LMDB', () => {
  holds(async () => {
    const folder = join(temporaryFolder(), 'store');
    return opened(() => new LmdbTokenStore({ folder }));
  });
});

describe('the REST persistence API', () => {
  holds(async () => {
    const server = new PersistenceServer();
    await server.start();
    closing.push(() => server.stop());
    return opened(() => new RestTokenStore({ url: server.url, headers: {}, timeout: 5 }));
  }, SETTLED_MS);
});

for (const [service, twins] of SERVERS) {
  const describeServer = await describeWith(service);
  describeServer(service, () => holds(twins));
}

import { afterAll, describe, expect, it, jest } from '@jest/globals';
import { join } from 'node:path';
import { LmdbTokenStore } from '../../src/stores/lmdb.store.js';
import { MemoryTokenStore } from '../../src/stores/memory.store.js';
import { RedisTokenStore } from '../../src/stores/redis.store.js';
import { SqlTokenStore } from '../../src/stores/sql.store.js';
import type { TokenStore } from '../../src/stores/token-store.js';
import { SystemClock } from '../../src/tokens/clock.js';
import { redisAppName, removeRedisApps } from '../support/redis-apps.js';
import { describeWith, serviceUrl, type Service } from '../support/services.js';
import { ownMariadb, ownPostgres } from '../support/sql-databases.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';
import { createTokenService } from '../support/token-service.js';

jest.setTimeout(60_000);
const RACES = 200;
const AT_ONCE = 20;
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
const PRESENTED = ['accessToken', 'refreshToken'] as const;

function holds(twins: Twins): void {
  it.each(PRESENTED)(
    `an acknowledged revocation by the ${'%s'} ends the session, ${RACES} races with its refresh`,
    async (presented) => {
      const [one, two] = await twins();
      const config = { sessionsPerClient: Infinity };
      const here = createTokenService(config, one, new SystemClock()).service;
      const there = createTokenService(config, two, new SystemClock()).service;
      let survivors = 0;
      let refreshed = 0;
      const race = async (n: number): Promise<void> => {
        const issued = await here.issue({ clientId: `${presented}-${n}` });
        // Either may be a little earlier, so that each order is seen.
        const later = async <T>(act: () => Promise<T>, turns: number): Promise<T> => {
          for (let turn = 0; turn < turns; turn++) await new Promise(setImmediate);
          return act();
        };
        const [pair] = await Promise.all([
          later(() => here.refresh(issued.refreshToken), n % 3).catch(() => undefined),
          later(() => there.revokeToken(issued[presented]), Math.floor(n / 3) % 5),
        ]);
        if (pair) refreshed++;
        const [record] = await one.list(issued.clientId);
        const ended = [issued, pair].flatMap((tokens) =>
          tokens ? [there.refresh(tokens.refreshToken)] : [],
        );
        const answers = await Promise.allSettled(ended);
        const isDead =
          record?.revokedAt !== undefined && answers.every(({ status }) => status === 'rejected');
        if (!isDead) survivors++;
      };
      for (let n = 0; n < RACES; n += AT_ONCE) {
        await Promise.all(Array.from({ length: AT_ONCE }, (_, index) => race(n + index)));
      }
      expect(survivors).toBe(0);
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

for (const [service, twins] of SERVERS) {
  const describeServer = await describeWith(service);
  describeServer(service, () => holds(twins));
}

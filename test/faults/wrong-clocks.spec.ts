import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { StoreProcess } from 'nestjs-fastauth/store-contract';
import { SqlTokenStore } from '../../src/stores/sql/sql.store.js';
import type { IssuedTokens } from '../../src/tokens/issued-tokens.js';
import { until } from '../support/kept-sessions.js';
import { PersistenceServer } from '../support/persistence-server.js';
import { redisAppName, removeRedisApps } from '../support/redis-apps.js';
import { describeWith, serviceUrl, type Service } from '../support/services.js';
import { ownMariadb, ownPostgres } from '../support/sql-databases.js';
import { processOn } from '../support/store-processes.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';

jest.setTimeout(120_000);
const HOUR = 3600;
/** Beyond what clocks may differ by, and far beyond. */
const AHEAD = [-HOUR, -6, 6, HOUR];
const GRACE = 3;
/** How soon every process knows what another one ended: some hear of it by a feed. */
const SEEN_WITHIN_MS = 2000;

/** Where the sessions are: the processes' `database-url` and `app-name`. */
interface Data {
  readonly databaseUrl: string;
  readonly appName?: string;
}

const closing: (() => Promise<unknown> | void)[] = [];

function onProcesses(data: () => Promise<Data>, isWindowByStore = true): void {
  let right: StoreProcess;
  let wrong: ReadonlyMap<number, StoreProcess>;

  beforeAll(async () => {
    const { databaseUrl, ...rest } = await data();
    const options = processOn(databaseUrl, { ...rest, storeTimeout: 5, refreshGrace: GRACE });
    const start = (ahead: number): Promise<StoreProcess> =>
      StoreProcess.start({
        ...options,
        execArgv: ['--import', resolve('test/support/wrong-clock.mjs')],
        env: { ...process.env, CLOCK_AHEAD: `${ahead}` },
      });
    right = await start(0);
    wrong = new Map(await Promise.all(AHEAD.map(async (ahead) => [ahead, await start(ahead)] as const)));
  });
  afterAll(() => Promise.all([right, ...wrong.values()].map((server) => server.stop())));

  const outcome = (call: Promise<unknown>): Promise<string> =>
    call.then(
      () => 'good',
      (error: Error) => error.name,
    );
  const verify = (on: StoreProcess, { accessToken }: IssuedTokens): Promise<string> =>
    outcome(on.tokens('verify', [accessToken]));
  const refresh = (on: StoreProcess, { refreshToken }: IssuedTokens): Promise<IssuedTokens> =>
    on.tokens('refresh', [refreshToken]);

  async function expectEnded(on: StoreProcess, tokens: IssuedTokens): Promise<void> {
    const isRefused = async (): Promise<boolean> => (await verify(on, tokens)) === 'UnauthorizedError';
    await until(isRefused, 'The session lives', SEEN_WITHIN_MS);
    expect(await outcome(refresh(on, tokens))).toBe('InvalidGrantError');
  }

  describe.each(AHEAD)('a process whose clock is %i seconds ahead', (ahead) => {
    const other = (): StoreProcess => wrong.get(ahead) as StoreProcess;

    it.each(['accessToken', 'refreshToken'] as const)(
      'ends the session of any %s, and has its own ended elsewhere',
      async (presented) => {
        for (const refreshes of [0, 1]) {
          for (const [issuing, revoking] of [
            [right, other()],
            [other(), right],
          ] as const) {
            const first = await issuing.tokens('issue', [{ clientId: `${ahead} ${presented} ${refreshes}` }]);
            const current = refreshes === 0 ? first : await refresh(issuing, first);
            expect(await verify(issuing, current)).toBe('good');
            expect(await revoking.tokens('revokeToken', [first[presented]])).toBe(true);
            await expectEnded(issuing, current);
          }
        }
      },
    );

    it('ends the sessions of a client', async () => {
      const tokens = await right.tokens('issue', [{ clientId: `client ${ahead}` }]);
      expect(await other().tokens('revokeClient', [tokens.clientId])).toBe(1);
      await expectEnded(right, tokens);
    });
  });

  if (!isWindowByStore) return;

  it('a clock that is wrong by more than the window is long makes it neither longer nor shorter', async () => {
    const ahead = [6, HOUR].map((seconds) => wrong.get(seconds) as StoreProcess);
    const pairs = ahead.flatMap((other) => [[right, other] as const, [other, right] as const]);
    const windows = pairs.map(async ([rotating, repeating], n) => {
      const old = await right.tokens('issue', [{ clientId: `window ${n}` }]);
      const next = await refresh(rotating, old);
      expect((await refresh(repeating, old)).refreshToken).toBe(next.refreshToken);
      expect(await verify(rotating, next)).toBe('good');
      await sleep(GRACE * 1000 + 200);
      expect(await outcome(refresh(repeating, old))).toBe('InvalidGrantError');
      await expectEnded(rotating, next);
    });
    await Promise.all(windows);
  });

  it('a process whose clock is behind refuses what is too new for it, and ends no session by that', async () => {
    const behind = wrong.get(-HOUR) as StoreProcess;
    const old = await right.tokens('issue', [{ clientId: 'behind' }]);
    const next = await refresh(right, old);
    for (const tokens of [old, next])
      expect(await outcome(refresh(behind, tokens))).toBe('InvalidGrantError');
    expect(await verify(right, next)).toBe('good');
    expect(await outcome(refresh(right, next))).toBe('good');
  });
}

afterAll(async () => {
  for (const close of closing.toReversed()) await close();
  await removeRedisApps();
  removeTemporaryFolders();
});

describe('on the embedded store', () => {
  onProcesses(async () => ({ databaseUrl: `lmdb:${join(temporaryFolder(), 'store')}` }));
});

async function migrated(own: typeof ownPostgres): Promise<Data> {
  const { url, drop } = await own();
  closing.push(drop);
  await new SqlTokenStore({ url }).migrate();
  return { databaseUrl: url };
}

const SERVERS: readonly [Service, () => Promise<Data>][] = [
  ['Redis', async () => ({ databaseUrl: serviceUrl('Redis'), appName: redisAppName(serviceUrl('Redis')) })],
  ['PostgreSQL', () => migrated(ownPostgres)],
  ['MariaDB', () => migrated(ownMariadb)],
];

for (const [service, data] of SERVERS) {
  const describeServer = await describeWith(service);
  describeServer(`on ${service}`, () => onProcesses(data));
}

describe('on the REST persistence API', () => {
  // It has no clock: the window is counted by the servers'.
  onProcesses(async () => {
    const server = new PersistenceServer();
    await server.start();
    closing.push(() => server.stop());
    return { databaseUrl: server.url };
  }, false);
});

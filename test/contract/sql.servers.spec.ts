import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { rotatedSample, sessionSample } from 'nestjs-fastauth/store-contract';
import { ConfigError, StoreUnavailableError } from '../../src/errors.js';
import { SqlTokenStore, type SqlTokenStoreOptions } from '../../src/stores/sql/sql.store.js';
import { describeParallelRefreshes } from '../support/parallel-refreshes.js';
import { runCli } from '../support/run-cli.js';
import { describeWith } from '../support/services.js';
import '../support/silent-logger.js';
import { ownMariadb, ownPostgres, type OwnDatabase } from '../support/sql-databases.js';
import { TcpRelay } from '../support/tcp-relay.js';
import { temporaryFolder, removeTemporaryFolders } from '../support/temporary-folder.js';
import { Stopwatch } from '../support/stopwatch.js';

// It starts eleven processes for each server.
jest.setTimeout(60_000);

/** Seconds; long, so that a busy machine is not taken for a fault. */
const PATIENT = 5;

describe.each([
  ['PostgreSQL', await describeWith('PostgreSQL'), ownPostgres],
  ['MariaDB', await describeWith('MariaDB'), ownMariadb],
] as const)('%s', (name, describeWithServer, own) => {
  describeWithServer('as a store', () => {
    let database: OwnDatabase;
    const stores: SqlTokenStore[] = [];

    beforeAll(async () => {
      database = await own();
      await new SqlTokenStore({ url: database.url }).migrate();
    });
    afterEach(async () => {
      await Promise.all(stores.splice(0).map((store) => store.close()));
      await database.query('delete from fastauth_sessions');
    });
    afterAll(async () => {
      await database.drop();
      removeTemporaryFolders();
    });

    async function openStore(options: Partial<SqlTokenStoreOptions> = {}): Promise<SqlTokenStore> {
      const store = new SqlTokenStore({ url: database.url, timeout: PATIENT, ...options });
      stores.push(store);
      await store.open();
      return store;
    }

    // Each waits for the server's disk.
    describeParallelRefreshes(name, () => database.url, { trials: 100 });

    describe('its tables', () => {
      it('are made once by three processes at once, and by a fourth not again', async () => {
        const empty = await own();
        const cwd = temporaryFolder();
        const migrate = () =>
          runCli(['store', 'migrate', '--json'], { cwd, env: { FASTAUTH_DATABASE_URL: empty.url } });
        const runs = await Promise.all([migrate(), migrate(), migrate()]);
        runs.push(await migrate());
        expect(runs.map(({ code, stderr }) => ({ code, stderr }))).toEqual(
          runs.map(() => ({ code: 0, stderr: '' })),
        );
        const steps = runs.flatMap(({ stdout }) => (JSON.parse(stdout) as { steps: string[] }).steps);
        expect(steps).toEqual([
          '1-sessions',
          '2-live-sessions',
          '3-scope',
          '4-changes-by-sql',
          '5-clients',
          '6-last-uses',
          '7-unknown-beginnings',
          '8-oldest-sessions',
        ]);
        await empty.drop();
      });

      it('are asked for in one sentence where they are missing, at start and later', async () => {
        const empty = await own();
        const store = new SqlTokenStore({ url: empty.url, timeout: PATIENT });
        const refusal = await store.open().catch((error: unknown) => error);
        expect(refusal).toBeInstanceOf(ConfigError);
        expect((refusal as Error).message).toContain('fastauth store migrate');
        await store.migrate();
        await store.open();
        await empty.query('drop table fastauth_sessions');
        const { record, pair } = sessionSample();
        await expect(store.insert(record, pair, 1)).rejects.toThrow(/fastauth store migrate/);
        await expect(store.find(record)).rejects.toThrow(StoreUnavailableError);
        await store.close();
        await empty.drop();
      });

      it('hold no token', async () => {
        const store = await openStore();
        const { record, pair } = sessionSample();
        await store.insert(record, pair, 1);
        const next = rotatedSample(record);
        await store.rotate(next.record, next.pair);
        const dump = Buffer.concat(
          (await database.query('select * from fastauth_sessions'))
            .flatMap((row) => Object.values(row))
            .map((value) => (Buffer.isBuffer(value) ? value : Buffer.from(String(value)))),
        );
        for (const token of [pair, next.pair].flatMap((one) => Object.values(one) as string[])) {
          expect(dump.includes(token)).toBe(false);
        }
        expect(dump.includes(Buffer.from(next.record.refreshHash, 'base64url'))).toBe(true);
      });
    });

    it('keeps applications apart that share the tables', async () => {
      const [one, two] = [await openStore({ appName: 'one' }), await openStore({ appName: 'One ' })];
      const { record, pair } = sessionSample({ clientId: 'c' });
      await one.insert(record, pair, 1);
      expect(await two.find(record)).toBeUndefined();
      expect(await two.list('c')).toEqual([]);
      await two.insert(sessionSample({ clientId: 'c' }).record, pair, 1);
      expect(await two.revokeClient('c', 1)).toHaveLength(1);
      expect(await two.revoke(record, 1)).toBe(false);
      expect(await two.sweep(record.refreshExpiresAt + 1, 100)).toBe(1);
      expect(await one.keyUse(record.createdAt)).toHaveLength(1);
      expect(await two.keyUse(record.createdAt)).toEqual([]);
      expect((await one.find(record))?.revokedAt).toBeUndefined();
    });

    it.each([
      ['case', 'client', 'Client'],
      ['an accent', 'cafe', 'café'],
      ['how an accent is composed', 'caf\u00e9', 'cafe\u0301'],
      ['a trailing space', 'client', 'client '],
      ['ligatures and sharp s', 'strasse', 'straße'],
      ['the last of 128 emoji', `${'😀'.repeat(127)}😀`, `${'😀'.repeat(127)}😁`],
      ['an invisible character', 'client', 'cli\u200Dent'],
      ['a quote and a backslash', String.raw`a\'b`, `a'b`],
      ['a control character', 'a', 'a\u0000'],
    ])('tells identifiers apart that differ by %s', async (_, first, second) => {
      const store = await openStore();
      const samples = [sessionSample({ clientId: first }), sessionSample({ clientId: second })] as const;
      for (const { record, pair } of samples) await store.insert(record, pair, 1);
      for (const { record } of samples) {
        expect((await store.find(record))?.clientId).toBe(record.clientId);
        expect((await store.list(record.clientId)).map(({ familyId }) => familyId)).toEqual([
          record.familyId,
        ]);
      }
      expect(await store.revokeClient(first, 1)).toEqual([samples[0].record.familyId]);
      expect((await store.find(samples[1].record))?.revokedAt).toBeUndefined();
    });

    it('refuses to keep what it cannot keep exactly', async () => {
      const store = await openStore();
      const { record, pair } = sessionSample();
      for (const clientId of ['x\uD800', 'x'.repeat(2000)]) {
        await expect(store.insert({ ...record, clientId }, pair, 1)).rejects.toThrow(RangeError);
        expect(await store.find({ ...record, clientId })).toBeUndefined();
        expect(await store.list(clientId)).toEqual([]);
      }
    });

    it('is swept by two processes at once, each session by one of them', async () => {
      const sweepers = [await openStore(), await openStore()];
      const [store] = sweepers as [SqlTokenStore];
      const samples = Array.from({ length: 300 }, () => sessionSample());
      await Promise.all(samples.map(({ record, pair }) => store.insert(record, pair, Infinity)));
      const swept = await Promise.all(
        sweepers.map(async (sweeper) => {
          let count = 0;
          for (let last = -1; last !== 0;) {
            last = await sweeper.sweep(samples[0]!.record.refreshExpiresAt + 1, 20);
            count += last;
          }
          return count;
        }),
      );
      expect((swept[0] ?? 0) + (swept[1] ?? 0)).toBe(samples.length);
    });

    describe('under faults', () => {
      it('answers 503 within the limit when the network stalls, and comes back by itself', async () => {
        const url = new URL(database.url);
        const relay = await TcpRelay.start(Number(url.port));
        url.port = String(relay.port);
        const limit = 0.2;
        const store = new SqlTokenStore({ url: url.href, timeout: limit, trackedCacheSize: 0 });
        await store.open();
        const { record, pair } = sessionSample();
        await comesTo(() => store.insert(record, pair, 1));
        relay.stall();
        for (const call of [
          () => store.find(record),
          () => store.revoke(record, 1),
          () => store.list(record.clientId),
        ]) {
          const start = new Stopwatch();
          await expect(call()).rejects.toThrow(StoreUnavailableError);
          expect(start.ms).toBeLessThan(limit * 1000 + 250);
        }
        // As many as there are connections, so that none is left that could answer later.
        await Promise.all(Array.from({ length: 30 }, () => expect(store.find(record)).rejects.toThrow()));
        relay.recover();
        const start = new Stopwatch();
        await comesTo(() => store.find(record));
        expect(start.ms).toBeLessThan(5000);
        expect((await store.find(record))?.revokedAt).toBeUndefined();
        await store.close();
        await relay.stop();
      });

      it('goes on reading, at once, while another session keeps the tables from being written', async () => {
        const store = await openStore({ timeout: 0.3, trackedCacheSize: 0 });
        const { record, pair } = sessionSample();
        await comesTo(() => store.insert(record, pair, 1));
        const isPostgres = database.url.startsWith('postgres');
        if (isPostgres) await database.query('begin');
        await database.query(
          `lock table${isPostgres ? ' fastauth_sessions in share mode' : 's fastauth_sessions read'}`,
        );
        const next = rotatedSample(record);
        for (let n = 0; n < 6; n++) {
          await expect(store.rotate(next.record, next.pair)).rejects.toMatchObject({ answered: false });
        }
        for (let n = 0; n < 10; n++) {
          expect(await store.find(record, { fresh: true })).toMatchObject({ generation: 0 });
        }
        await database.query(isPostgres ? 'rollback' : 'unlock tables');
        expect(await comesTo(() => store.rotate(next.record, next.pair))).toBe(true);
      });

      it('opens while the server is out of reach, and says so with each call', async () => {
        const url = new URL(database.url);
        url.port = '1';
        const store = await openStore({ url: url.href, timeout: 0.3 });
        await expect(store.ping()).rejects.toThrow(StoreUnavailableError);
      });

      it('has nothing half-written when its connection is cut in the middle of a transaction', async () => {
        const store = await openStore();
        const old = sessionSample({ clientId: 'c' });
        const fresh = sessionSample({ clientId: 'c', createdAt: old.record.createdAt + 1 });
        await store.insert(old.record, old.pair, 1);
        await database.query('delete from fastauth_removals');
        await database.query('begin');
        await database.query('update fastauth_sessions set generation = generation');
        const insert = store.insert(fresh.record, fresh.pair, 1).catch((error: unknown) => error);
        while ((await database.cut(/^delete from/)) === 0) await sleep(20);
        expect(await insert).toBeInstanceOf(StoreUnavailableError);
        await database.query('rollback');
        expect((await store.list('c')).map(({ familyId }) => familyId)).toEqual([old.record.familyId]);
        expect(await database.query('select * from fastauth_removals')).toEqual([]);
        expect(await store.insert(fresh.record, fresh.pair, 1)).toHaveLength(1);
      });

      it('runs a transaction again that the server ended to solve a deadlock', async () => {
        const store = await openStore({ timeout: 10 });
        const other = await own();
        const old = sessionSample({ clientId: 'c' });
        await store.insert(old.record, old.pair, 1);
        // Heavier than ours, for servers that choose the lighter one.
        const others = Array.from({ length: 50 }, () => sessionSample());
        for (const { record, pair } of others) await store.insert(record, pair, Infinity);
        await database.query('begin');
        await database.query('update fastauth_sessions set generation = generation');
        const fresh = sessionSample({ clientId: 'c', createdAt: old.record.createdAt + 1 });
        const insert = store.insert(fresh.record, fresh.pair, 1);
        while (!(await isWaiting(database, other))) await sleep(20);
        // What our transaction holds, while it waits for what this one holds.
        await database.query('update fastauth_locks set taken = 1 - taken');
        await database.query('commit');
        expect(await insert).toHaveLength(1);
        expect((await store.list('c')).map(({ familyId }) => familyId)).toEqual([fresh.record.familyId]);
        await other.drop();
      });
    });
  });
});

(await describeWith('PostgreSQL'))('PostgreSQL that is read-only', () => {
  it('is read, at once, while it refuses to write, and says 503 to that', async () => {
    const database = await ownPostgres();
    const writable = new SqlTokenStore({ url: database.url, timeout: PATIENT });
    await writable.migrate();
    await writable.open();
    const { record, pair } = sessionSample();
    await writable.insert(record, pair, 1);
    const url = new URL(database.url);
    url.searchParams.set('options', `${url.searchParams.get('options')} -cdefault_transaction_read_only=on`);
    const store = new SqlTokenStore({ url: url.href, timeout: PATIENT, trackedCacheSize: 0 });
    await store.open();
    const next = rotatedSample(record);
    const reasons: string[] = [];
    for (let n = 0; n < 10; n++) {
      const error = await store.rotate(next.record, next.pair).catch((error: unknown) => error);
      expect(error).toMatchObject({ answered: false, status: 503 });
      reasons.push((error as Error).message);
      expect(await store.find(record, { fresh: true })).toMatchObject({ generation: 0 });
    }
    expect(reasons[0]).toContain('25006');
    expect(reasons.at(-1)).toContain('left alone');
    await store.close();
    await writable.close();
    await database.drop();
  });
});

/** Calls until it does not reject. */
async function comesTo<T>(call: () => T | Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await call();
    } catch {
      await sleep(50);
    }
  }
}

/** Whether a statement of the first one's store waits for a lock; asked by another administrator. */
async function isWaiting({ name }: OwnDatabase, asked: OwnDatabase): Promise<boolean> {
  const sql = asked.url.startsWith('postgres')
    ? `select 1 from pg_stat_activity where application_name = '${name}' and wait_event_type = 'Lock'`
    : `select 1 from information_schema.processlist where db = '${name}' and info like 'delete%'`;
  return (await asked.query(sql)).length > 0;
}

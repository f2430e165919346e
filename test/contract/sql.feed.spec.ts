import { afterAll, afterEach, beforeAll, expect, it, jest } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { rotatedSample, sessionSample, StoreProcess } from 'nestjs-fastauth/store-contract';
import type { SessionKey, SessionRecord } from '../../src/sessions/session-record.js';
import { SqlTokenStore, type SqlTokenStoreOptions } from '../../src/stores/sql/sql.store.js';
import { FEED_SILENCE_MS } from '../../src/stores/tracked-sessions.js';
import { untilKept } from '../support/kept-sessions.js';
import { describeWith } from '../support/services.js';
import '../support/silent-logger.js';
import { ownMariadb, ownPostgres, type OwnDatabase } from '../support/sql-databases.js';
import { processOn } from '../support/store-processes.js';
import { TcpRelay } from '../support/tcp-relay.js';
import { Stopwatch } from '../support/stopwatch.js';

jest.setTimeout(60_000);

const PATIENT = 5;
const describePostgres = await describeWith('PostgreSQL');
const describeMariadb = await describeWith('MariaDB');

/** The store under test, here, and another process that writes. */
function setUp(own: () => Promise<OwnDatabase>) {
  const context = {} as { database: OwnDatabase; other: StoreProcess };
  const stores: SqlTokenStore[] = [];
  beforeAll(async () => {
    context.database = await own();
    await new SqlTokenStore({ url: context.database.url }).migrate();
    context.other = await StoreProcess.start(processOn(context.database.url, { storeTimeout: PATIENT }));
  });
  afterEach(async () => {
    await Promise.all(stores.splice(0).map((store) => store.close()));
  });
  afterAll(async () => {
    await context.other.stop();
    await context.database.drop();
  });
  const openStore = async (options: Partial<SqlTokenStoreOptions> = {}): Promise<SqlTokenStore> => {
    const store = new SqlTokenStore({ url: context.database.url, timeout: PATIENT, ...options });
    stores.push(store);
    await store.open();
    return store;
  };
  return { context, openStore };
}

/** Inserts a session, and reads it until it is kept in memory. */
async function kept(store: SqlTokenStore): Promise<SessionRecord> {
  const { record, pair } = sessionSample();
  await store.insert(record, pair, 1);
  await untilKept(store, record);
  return record;
}

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await sleep(2);
}

/** How long the store goes on to answer that the session can be used, in milliseconds by a stopwatch. */
async function staleFor(store: SqlTokenStore, record: SessionRecord): Promise<number> {
  const watch = new Stopwatch();
  let stale = 0;
  await until(async () => {
    try {
      const found = await store.find(record);
      if (found === undefined || found.revokedAt !== undefined) return true;
    } catch {
      return true; // 503 lets nobody in, however late it comes.
    }
    stale = watch.ms;
    return false;
  });
  return stale;
}

/** What a watcher hears, but that changes may have been missed. */
function listenTo(store: SqlTokenStore): { heard: SessionKey[]; end: () => void } {
  const heard: SessionKey[] = [];
  return { heard, end: store.watch((changed) => changed && heard.push(changed)) };
}

describePostgres('PostgreSQL tells of changes', () => {
  const { context, openStore } = setUp(ownPostgres);

  it('so that a session is answered from memory, and its revocation elsewhere is obeyed at once', async () => {
    const store = await openStore();
    const delays: number[] = [];
    for (let round = 0; round < 30; round++) {
      const record = await kept(store);
      expect(await context.other.store('revoke', [record, record.createdAt + 1])).toBe(true);
      delays.push(await staleFor(store, record));
    }
    delays.sort((a, b) => a - b);
    // Mostly none at all; a busy machine may let the notification wait.
    expect(delays[15]).toBeLessThan(50);
    expect(delays[29]).toBeLessThan(1000);
  });

  it('of sessions rotated, revoked by client, or removed to make room', async () => {
    const store = await openStore();
    const [rotated, revoked, removed] = [await kept(store), await kept(store), await kept(store)];
    const next = rotatedSample(rotated);
    await context.other.store('rotate', [next.record, next.pair]);
    await context.other.store('revokeClient', [revoked.clientId, 1]);
    const newer = sessionSample({ clientId: removed.clientId, createdAt: removed.createdAt + 1 });
    await context.other.store('insert', [newer.record, newer.pair, 1]);
    await until(async () => (await store.find(rotated))?.generation === 1);
    await staleFor(store, revoked);
    await until(async () => (await store.find(removed)) === undefined);
  });

  it.each([
    ['hears', /^listen /],
    ['notifies it', /select pg_notify\(\$1, \$2\)/],
  ])(
    'and what is kept is dropped when the connection that %s is cut, until there is another',
    async (_, last) => {
      const store = await openStore();
      for (let round = 0; round < 3; round++) {
        const record = await kept(store);
        expect(await context.database.cut(last)).toBeGreaterThan(0);
        await context.other.store('revoke', [record, record.createdAt + 1]);
        expect(await staleFor(store, record)).toBeLessThan(FEED_SILENCE_MS);
      }
      await kept(store);
    },
  );

  it('and a store that is closed as soon as it is open leaves no connection', async () => {
    const url = new URL(context.database.url);
    url.searchParams.set('application_name', `${context.database.name} at once`);
    for (let round = 0; round < 5; round++) await (await openStore({ url: url.href })).close();
    const left = () =>
      context.database.query('select pid from pg_stat_activity where application_name = $1', [
        url.searchParams.get('application_name'),
      ]);
    await until(async () => (await left()).length === 0);
  });

  it('and a store closes when what it reads has been answered', async () => {
    const store = await openStore();
    const found = Array.from({ length: 15 }, () =>
      store.find({ clientId: 'nobody', familyId: 'none' }, { fresh: true }),
    );
    await store.close();
    expect(await Promise.all(found)).toEqual(found.map(() => undefined));
  });

  it('and when it falls silent, what is kept is not served for longer than the bound', async () => {
    const url = new URL(context.database.url);
    const relay = await TcpRelay.start(Number(url.port));
    url.port = String(relay.port);
    const store = await openStore({ url: url.href, timeout: 1 });
    const record = await kept(store);
    relay.stall();
    await context.other.store('revoke', [record, record.createdAt + 1]);
    expect(await staleFor(store, record)).toBeLessThan(FEED_SILENCE_MS + 500);
    relay.recover();
    await until(async () => {
      const found = await Promise.resolve(store.find(record)).catch(() => undefined);
      return found?.revokedAt !== undefined;
    });
    await store.close();
    await relay.stop();
  });

  it('to who watches', async () => {
    const store = await openStore();
    const record = await kept(store);
    const { heard, end } = listenTo(store);
    await context.other.store('revoke', [record, record.createdAt + 1]);
    await until(() => heard.some(({ familyId }) => familyId === record.familyId));
    end();
  });

  it('and a store without a cache asks each time', async () => {
    const store = await openStore({ trackedCacheSize: 0 });
    const { record, pair } = sessionSample();
    await store.insert(record, pair, 1);
    for (let read = 0; read < 20; read++) {
      const found = store.find(record);
      expect(found).toBeInstanceOf(Promise);
      expect(await found).toBeDefined();
    }
  });
});

describeMariadb('MariaDB is looked through for changes while somebody watches', () => {
  const { context, openStore } = setUp(ownMariadb);

  it('and each one is told once, within a second', async () => {
    const store = await openStore();
    const samples = Array.from({ length: 3 }, () => sessionSample());
    for (const { record, pair } of samples) await store.insert(record, pair, 1);
    const [rotated, revoked, removed] = samples.map(({ record }) => record) as [
      SessionRecord,
      SessionRecord,
      SessionRecord,
    ];
    const { heard, end } = listenTo(store);
    const next = rotatedSample(rotated);
    const newer = sessionSample({ clientId: removed.clientId, createdAt: removed.createdAt + 1 });
    const changes: [SessionRecord, () => Promise<unknown>][] = [
      [rotated, () => context.other.store('rotate', [next.record, next.pair])],
      [revoked, () => context.other.store('revoke', [revoked, revoked.createdAt + 1])],
      [removed, () => context.other.store('insert', [newer.record, newer.pair, 1])],
    ];
    for (const [{ familyId }, change] of changes) {
      await change();
      const start = performance.now();
      await until(() => heard.some((key) => key.familyId === familyId));
      expect(performance.now() - start).toBeLessThan(1000);
    }
    await sleep(1000);
    expect(heard.map(({ familyId }) => familyId)).toEqual(changes.map(([{ familyId }]) => familyId));
    end();
  });

  it('and reads are answered by the server, always', async () => {
    const store = await openStore();
    const { record, pair } = sessionSample();
    await store.insert(record, pair, 1);
    expect((await store.find(record))?.revokedAt).toBeUndefined();
    await context.other.store('revoke', [record, record.createdAt + 1]);
    expect((await store.find(record))?.revokedAt).toBe(record.createdAt + 1);
  });

  it('and what changed while the server was out of reach is told afterwards', async () => {
    const url = new URL(context.database.url);
    const relay = await TcpRelay.start(Number(url.port));
    url.port = String(relay.port);
    const store = await openStore({ url: url.href, timeout: 0.5 });
    const { record, pair } = sessionSample();
    await context.other.store('insert', [record, pair, 1]);
    const { heard, end } = listenTo(store);
    await sleep(600);
    relay.stall();
    await context.other.store('revoke', [record, record.createdAt + 1]);
    const isHeard = (): boolean => heard.some(({ familyId }) => familyId === record.familyId);
    // Longer than a look goes back.
    await sleep(3000);
    expect(isHeard()).toBe(false);
    relay.recover();
    await until(isHeard);
    end();
    await store.close();
    await relay.stop();
  });
});

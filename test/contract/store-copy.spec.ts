import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { join } from 'node:path';
import { SqliteDialect } from 'kysely';
import Database from 'libsql';
import { clientSample } from 'nestjs-fastauth/store-contract';
import { Clock } from '../../src/clock.js';
import type { ClientKeepingStore } from '../../src/sessions/client-store.js';
import { copyStore } from '../../src/sessions/copy-store.js';
import { legacyFamilyOf } from '../../src/sessions/legacy-family.js';
import type { SessionRecord } from '../../src/sessions/session-record.js';
import type { TokenStore } from '../../src/sessions/token-store.js';
import {
  accessOnlySample,
  rotatedSample,
  SAMPLE_TIME,
  sessionSample,
  type SessionSampleOptions,
} from '../../src/store-contract/session-sample.js';
import { LmdbTokenStore } from '../../src/stores/lmdb/lmdb.store.js';
import { RedisTokenStore } from '../../src/stores/redis/redis.store.js';
import { RestTokenStore } from '../../src/stores/rest/rest.store.js';
import { SqlTokenStore } from '../../src/stores/sql/sql.store.js';
import { PersistenceServer } from '../support/persistence-server.js';
import { redisAppName, removeRedisApps } from '../support/redis-apps.js';
import { describeWith, serviceUrl } from '../support/services.js';
import '../support/silent-logger.js';
import { type OwnDatabase, ownMariadb, ownPostgres } from '../support/sql-databases.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';

jest.setTimeout(60_000);

const KINDS = ['LMDB', 'Redis', 'PostgreSQL', 'MariaDB', 'SQLite'] as const;
type Kind = (typeof KINDS)[number];

class SampleClock extends Clock {
  now(): number {
    return (SAMPLE_TIME + 30) * 1000;
  }
}
const clock = new SampleClock();

const servers = new PersistenceServer();
const databases: Partial<Record<Kind, OwnDatabase>> = {};
const opened: TokenStore[] = [];
let named = 0;

async function open<T extends TokenStore>(store: T): Promise<T> {
  opened.push(store);
  await store.open();
  return store;
}

const MAKERS: Readonly<Record<Kind, () => Promise<ClientKeepingStore>>> = {
  LMDB: () => open(new LmdbTokenStore({ folder: join(temporaryFolder(), 'store') })),
  Redis: () => {
    const url = serviceUrl('Redis');
    return open(new RedisTokenStore({ url, appName: redisAppName(url), timeout: 5 }));
  },
  PostgreSQL: () => openSql('PostgreSQL'),
  MariaDB: () => openSql('MariaDB'),
  SQLite: async () => {
    const database = new Database(join(temporaryFolder(), 'app.db'));
    const store = new SqlTokenStore({ dialect: new SqliteDialect({ database }) });
    await store.migrate();
    return open(store);
  },
};

function openSql(kind: Kind): Promise<ClientKeepingStore> {
  return open(new SqlTokenStore({ url: databases[kind]?.url ?? '', timeout: 5, appName: `copy ${++named}` }));
}

function openRest(database: string): Promise<RestTokenStore> {
  return open(new RestTokenStore({ url: servers.url + database, headers: {}, timeout: 5 }));
}

/** All of a store, without what answers alone have. */
async function contents(store: TokenStore): Promise<Map<string, SessionRecord>> {
  const found = new Map<string, SessionRecord>();
  let cursor: string | undefined;
  do {
    const page = await store.listAll({ cursor, limit: 3 });
    for (const record of page?.sessions ?? []) {
      const defined = Object.entries(record).filter(([, value]) => value !== undefined);
      found.set(JSON.stringify([record.clientId, record.familyId]), Object.fromEntries(defined) as never);
    }
    cursor = page?.next;
  } while (cursor !== undefined);
  return new Map([...found].sort(([a], [b]) => (a < b ? -1 : 1)));
}

const copy = (from: TokenStore, to: TokenStore, clientIds?: readonly string[]) =>
  copyStore({ from, to, clientIds, clock });

const NOTHING = {
  copied: 0,
  present: 0,
  expired: 0,
  ended: 0,
  clientsCopied: 0,
  clientsChanged: [],
  unknownClients: [],
  unreadableClients: [],
};

beforeAll(async () => {
  await servers.start();
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((store) => store.close()));
});
afterAll(async () => {
  await servers.stop();
  await removeRedisApps();
  removeTemporaryFolders();
});

const describeAll = [
  await describeWith('Redis'),
  await describeWith('PostgreSQL'),
  await describeWith('MariaDB'),
].reduce((outer, inner) => (name, define) => outer(name, () => inner('', define)));

describeAll('copying stores', () => {
  beforeAll(async () => {
    databases.PostgreSQL = await ownPostgres();
    databases.MariaDB = await ownMariadb();
    for (const { url } of Object.values(databases)) await new SqlTokenStore({ url }).migrate();
  });
  afterAll(async () => {
    await Promise.all(Object.values(databases).map((database) => database.drop()));
  });

  /** One of everything that a store can hold. */
  async function fill(store: ClientKeepingStore): Promise<Record<string, SessionRecord>> {
    const insert = async (options: SessionSampleOptions = {}): Promise<SessionRecord> => {
      const { record, pair } = sessionSample({ clientId: 'ada & co%+#', ...options });
      await store.insert(record, pair, Infinity);
      return record;
    };
    const fresh = await insert({ label: 'phone', kid: 'k1', scope: 'a b', claims: '{"x":1}' });
    const refreshed = rotatedSample(await insert());
    await store.rotate(refreshed.record, refreshed.pair);
    const revoked = await insert();
    await store.revoke(revoked, SAMPLE_TIME + 1);
    const service = accessOnlySample({ clientId: 'service' });
    await store.insert(service.record, service.tokens, Infinity);
    const unknown = sessionSample({ clientId: 'from-rest', isBeginningUnknown: true }).record;
    await store.restore(unknown, SAMPLE_TIME + 2);
    await store.touch(fresh, { usedAt: SAMPLE_TIME + 20, period: 60 });
    await store.insert(
      ...parts(sessionSample({ clientId: 'late', createdAt: SAMPLE_TIME - 5000 })),
      Infinity,
    );
    await store.clients.insert(clientSample({ clientId: 'service' }));
    await store.clients.insert(clientSample({ clientId: 'other' }));
    return { fresh, refreshed: refreshed.record, revoked, unknown };
  }

  const pairs = KINDS.flatMap((from) => KINDS.map((to) => [from, to] as const));
  it.each(pairs)('from %s to %s: all of it, and again without a change', async (kind, otherKind) => {
    const [from, to] = [await MAKERS[kind](), await MAKERS[otherKind]()];
    const { fresh, refreshed, revoked, unknown } = await fill(from);
    // Redis drops what has ended by itself, by its own clock: here years before.
    const isLateThere = [...(await contents(from)).values()].some(({ clientId }) => clientId === 'late');
    expect(await copy(from, to)).toEqual({
      ...NOTHING,
      copied: 5,
      expired: isLateThere ? 1 : 0,
      clientsCopied: 2,
    });
    const expected = await contents(from);
    for (const [name, { clientId }] of expected) if (clientId === 'late') expected.delete(name);
    expect(await contents(to)).toEqual(expected);
    for (const record of [fresh, refreshed, revoked, unknown]) {
      expect(await to.find(record as SessionRecord, { fresh: true })).toMatchObject({
        accessHash: record?.accessHash,
      });
    }
    expect(await copy(from, to)).toMatchObject({
      copied: 0,
      present: 5,
      clientsCopied: 0,
      clientsChanged: [],
    });
    expect(await contents(to)).toEqual(expected);
    const client = await to.clients.find('service');
    expect({ ...client, revision: '' }).toEqual({ ...(await from.clients.find('service')), revision: '' });
  });

  it.each(KINDS)('never sets back what went on in %s, and brings nothing back to life', async (kind) => {
    const [from, to] = [await MAKERS.LMDB(), await MAKERS[kind]()];
    const { fresh, refreshed, revoked } = (await fill(from)) as Record<string, SessionRecord>;
    await copy(from, to);
    const next = rotatedSample(refreshed as SessionRecord, SAMPLE_TIME + 40);
    expect(await to.rotate(next.record, next.pair)).toBe(true);
    expect(await to.revoke(fresh as SessionRecord, SAMPLE_TIME + 41)).toBe(true);
    // The old store goes on, too.
    const other = rotatedSample(refreshed as SessionRecord, SAMPLE_TIME + 50);
    await from.rotate(other.record, other.pair);
    const before = await contents(to);
    expect(await copy(from, to)).toMatchObject({ copied: 0, present: 5 });
    expect(await contents(to)).toEqual(before);
    expect((await to.find(revoked as SessionRecord))?.revokedAt).toBe(SAMPLE_TIME + 1);
    expect((await to.find(fresh as SessionRecord))?.revokedAt).toBe(SAMPLE_TIME + 41);
  });

  it.each(KINDS)('takes to %s what changed since the last run', async (kind) => {
    const [from, to] = [await MAKERS.LMDB(), await MAKERS[kind]()];
    const { fresh, refreshed } = (await fill(from)) as Record<string, SessionRecord>;
    await copy(from, to);
    const next = rotatedSample(refreshed as SessionRecord, SAMPLE_TIME + 40);
    await from.rotate(next.record, next.pair);
    await from.revoke(fresh as SessionRecord, SAMPLE_TIME + 41);
    const added = sessionSample({ clientId: 'new' });
    await from.insert(added.record, added.pair, 1);
    const service = await from.clients.find('service');
    await from.clients.replace(
      { ...(service as NonNullable<typeof service>), isEnabled: false, revision: revisionOf(7) },
      service?.revision ?? '',
    );
    const other = await to.clients.find('other');
    await to.clients.replace(
      { ...(other as NonNullable<typeof other>), name: 'changed here', revision: revisionOf(8) },
      other?.revision ?? '',
    );
    expect(await copy(from, to)).toMatchObject({
      copied: 3,
      present: 3,
      clientsCopied: 1,
      clientsChanged: ['other'],
    });
    expect(await to.find(refreshed as SessionRecord)).toMatchObject({ generation: 2 });
    expect((await to.find(fresh as SessionRecord))?.revokedAt).toBe(SAMPLE_TIME + 41);
    expect((await to.clients.find('service'))?.isEnabled).toBe(false);
    expect((await to.clients.find('other'))?.name).toBe('changed here');
  });

  describe.each(KINDS)('from the REST persistence API to %s', (kind) => {
    /** A pair as the original writes it: no family, no generation. */
    const python = (database: string, clientId: string, at: number) => {
      const token = (type: string, lifetime: number) =>
        [
          '{"alg":"HS256","typ":"JWT"}',
          JSON.stringify({ client_id: clientId, type, exp: at + lifetime, iat: at }),
        ]
          .map((part) => Buffer.from(part).toString('base64url'))
          .concat('signature')
          .join('.');
      const data = { access_token: token('access', 1000), refresh_token: token('refresh', 9000) };
      servers.setRecord(clientId, { data }, database);
      return data;
    };
    const place = () => `/${kind}-${++named}`;
    const legacy = (clientId: string) => ({ clientId, familyId: legacyFamilyOf(clientId) });

    it('copies those that are named; their beginnings stay unknown', async () => {
      const database = place();
      const [from, to] = [await openRest(database), await MAKERS[kind]()];
      python(database, 'ada + 100%&#é', SAMPLE_TIME);
      python(database, 'late', SAMPLE_TIME - 50_000);
      servers.setRecord('closed', { data: { access_token: null, refresh_token: null } }, database);
      servers.setRecord('broken', { data: 'x' }, database);
      const ours = sessionSample({ clientId: 'ours' });
      await from.insert(ours.record, ours.pair, 1);
      const ids = ['ada + 100%&#é', 'late', 'closed', 'broken', 'ours', 'nobody'];
      expect(await copy(from, to, ids)).toEqual({
        ...NOTHING,
        copied: 2,
        expired: 1,
        unknownClients: ['nobody'],
        unreadableClients: ['broken'],
      });
      const copied = await to.find(legacy('ada + 100%&#é'));
      expect(copied).toMatchObject({ generation: 0, createdAt: SAMPLE_TIME, isBeginningUnknown: true });
      expect(copied).not.toHaveProperty('plainPair');
      expect(await to.find(ours.record)).toMatchObject({ isBeginningUnknown: true });
      expect(await copy(from, to, ids)).toMatchObject({ copied: 0, present: 2, ended: 0 });
      await expect(copy(from, to)).rejects.toThrow(TypeError);
      await expect(copy(to, from)).rejects.toThrow('plain text');
    });

    it('follows a live one: newer pairs come along, and what was closed or replaced ends', async () => {
      const database = place();
      const [from, to] = [await openRest(database), await MAKERS[kind]()];
      const ids = ['renewed', 'went-on', 'closed', 'replaced', 'untouched'];
      for (const clientId of ids) python(database, clientId, SAMPLE_TIME);
      await copy(from, to, ids);
      const known = (await to.find(legacy('went-on'))) as SessionRecord;
      const next = rotatedSample(known, SAMPLE_TIME + 10);
      expect(await to.rotate(next.record, next.pair)).toBe(true);
      python(database, 'renewed', SAMPLE_TIME + 20);
      python(database, 'went-on', SAMPLE_TIME + 20);
      servers.setRecord('closed', { data: { access_token: null, refresh_token: null } }, database);
      const ours = sessionSample({ clientId: 'replaced', createdAt: SAMPLE_TIME + 5 });
      await from.insert(ours.record, ours.pair, 1);
      expect(await copy(from, to, ids)).toMatchObject({ copied: 2, present: 2, ended: 2 });
      expect((await to.find(legacy('renewed')))?.createdAt).toBe(SAMPLE_TIME + 20);
      expect(await to.find(legacy('went-on'))).toMatchObject({ accessHash: next.record.accessHash });
      expect((await to.find(legacy('closed')))?.revokedAt).toBeDefined();
      expect((await to.find(legacy('replaced')))?.revokedAt).toBeDefined();
      expect((await to.find(ours.record))?.revokedAt).toBeUndefined();
      // Closed here, and logged in again there: nobody can tell this from a refresh there.
      python(database, 'closed', SAMPLE_TIME + 25);
      expect(await copy(from, to, ids)).toMatchObject({ copied: 0, present: 5, ended: 0 });
    });
  });

  it('copies one persistence API to another, and opens nothing that is closed there', async () => {
    const [from, to] = [await openRest('/old'), await openRest('/new')];
    const samples = ['a', 'b', 'c'].map((clientId) => sessionSample({ clientId }));
    for (const sample of samples) await from.insert(...parts(sample), 1);
    expect(await copy(from, to, ['a', 'b', 'c'])).toMatchObject({ copied: 3 });
    expect(servers.record('a', '/new')).toEqual(servers.record('a', '/old'));
    await to.revokeClient('a', SAMPLE_TIME + 1);
    await from.insert(...parts(sessionSample({ clientId: 'b', createdAt: SAMPLE_TIME + 5 })), 1);
    await to.insert(...parts(sessionSample({ clientId: 'c', createdAt: SAMPLE_TIME + 5 })), 1);
    expect(await copy(from, to, ['a', 'b', 'c'])).toMatchObject({ copied: 1, present: 1 + 1 });
    expect(await to.find({ clientId: 'a' })).toBeUndefined();
    expect(servers.record('b', '/new')).toEqual(servers.record('b', '/old'));
  });

  it('ends with the fault of a store, and goes on from there', async () => {
    const [from, to] = [await openRest('/faulty'), await MAKERS.LMDB()];
    const ids = Array.from({ length: 40 }, (_, n) => `client-${n}`);
    for (const clientId of ids) await from.insert(...parts(sessionSample({ clientId })), 1);
    let looked = 0;
    const broken = copyStore({
      from,
      to,
      clock,
      clientIds: ids,
      onProgress: (done) => {
        looked = done;
        servers.faults = { refuse: true };
      },
    });
    await expect(broken).rejects.toMatchObject({ code: 'store_unavailable' });
    servers.faults = {};
    expect(looked).toBe(16);
    expect((await contents(to)).size).toBe(16);
    const fresh = await openRest('/faulty');
    expect(await copy(fresh, to, ids)).toMatchObject({ copied: 24, present: 16 });
  });
});

function parts({ record, pair }: ReturnType<typeof sessionSample>) {
  return [record, pair] as const;
}

function revisionOf(byte: number): string {
  return Buffer.alloc(16, byte).toString('base64url');
}

import { afterAll, afterEach, beforeAll, beforeEach, expect, it, jest } from '@jest/globals';
import { CamelCasePlugin, Kysely, PostgresDialect } from 'kysely';
import { HOSTILE_CLIENT_IDS, rotatedSample, sessionSample } from 'nestjs-fastauth/store-contract';
import { Pool } from 'pg';
import type { SessionKey, SessionRecord } from '../../src/sessions/session-record.js';
import { SqlTokenStore } from '../../src/stores/sql/sql.store.js';
import { until, untilKept } from '../support/kept-sessions.js';
import { describeWith } from '../support/services.js';
import '../support/silent-logger.js';
import { ownPostgres, type OwnDatabase } from '../support/sql-databases.js';

jest.setTimeout(60_000);
const PATIENCE_MS = 10_000;
const describePostgres = await describeWith('PostgreSQL');

describePostgres('sessions that somebody changes by SQL', () => {
  let database: OwnDatabase;
  let store: SqlTokenStore;

  beforeAll(async () => {
    database = await ownPostgres();
    await new SqlTokenStore({ url: database.url }).migrate();
  });
  afterAll(() => database.drop());
  beforeEach(async () => {
    store = new SqlTokenStore({ url: database.url, appName: 'by hand', timeout: 5 });
    await store.open();
  });
  afterEach(() => store.close());

  /** Inserts a session, and reads it until it is answered from memory. */
  async function kept(clientId?: string): Promise<SessionRecord> {
    const { record, pair } = sessionSample({ clientId });
    await store.insert(record, pair, 1);
    await untilKept(store, record);
    return record;
  }

  function isUsable(record: SessionRecord): Promise<boolean> {
    return Promise.resolve(store.find(record)).then(
      (found) => found !== undefined && found.revokedAt === undefined,
    );
  }

  it.each([
    ['revoked', 'update fastauth_sessions set revoked_at = 1'],
    ['deleted', 'delete from fastauth_sessions'],
    ['all dropped', 'truncate fastauth_sessions'],
    [
      'put back from a backup',
      `create temporary table backup as select * from fastauth_sessions;
       update backup set access_hash = refresh_hash, changed_at = 12, changed_by = 'older';
       insert into fastauth_sessions select * from backup
         on conflict on constraint fastauth_sessions_key do update
         set access_hash = excluded.access_hash, revoked_at = 1,
           changed_at = excluded.changed_at, changed_by = excluded.changed_by;
       drop table backup`,
    ],
  ])('are no longer served from memory, and watchers hear of it: %s', async (_, statement) => {
    const records = [await kept(), await kept(`"quoted" \\ ${String.fromCodePoint(0x1f600)}`)];
    const heard: (SessionKey | undefined)[] = [];
    store.watch((changed) => heard.push(changed));
    await database.query(statement);
    for (const record of records) {
      await until(async () => !(await isUsable(record)), 'it is seen', 2000);
      expect(
        heard.some(
          (changed) =>
            changed === undefined ||
            (changed.clientId === record.clientId && changed.familyId === record.familyId),
        ),
      ).toBe(true);
    }
    await database.query('delete from fastauth_sessions');
  });

  it('are named, whatever their identifiers hold', async () => {
    const ids = HOSTILE_CLIENT_IDS.filter((id) => Buffer.from(id).toString() === id);
    const records = await Promise.all(
      ids.map(async (clientId) => {
        const { record, pair } = sessionSample({ clientId });
        await store.insert(record, pair, 1);
        return record;
      }),
    );
    await untilKept(store, records[0] as SessionRecord);
    const heard: (SessionKey | undefined)[] = [];
    store.watch((changed) => heard.push(changed));
    await database.query('delete from fastauth_sessions');
    await until(() => heard.length >= records.length, 'all are told', PATIENCE_MS);
    expect(new Set(heard.map((changed) => `${changed?.clientId}|${changed?.familyId}`))).toEqual(
      new Set(records.map(({ clientId, familyId }) => `${clientId}|${familyId}`)),
    );
  });

  it("that other stores change are told once, and this store's own not at all", async () => {
    const record = await kept();
    const notified: string[] = [];
    const pool = new Pool({ connectionString: database.url });
    const client = await pool.connect();
    const { rows } = await client.query<{ channel: string }>(
      `select 'fastauth_' || left(encode(sha256('by hand'), 'hex'), 32) as channel`,
    );
    client.on('notification', ({ payload = '' }) => notified.push(payload));
    await client.query(`listen ${rows[0]?.channel}`);
    const next = rotatedSample(record);
    await store.rotate(next.record, next.pair);
    await store.label(next.record, 'phone');
    const login = sessionSample({ clientId: record.clientId });
    await store.insert(login.record, login.pair, 1);
    await store.revoke(login.record, login.record.createdAt);
    await store.sweep(login.record.refreshExpiresAt + 1, 10);
    await until(() => notified.length >= 5, 'all are told', PATIENCE_MS);
    await client.query('select 1');
    expect(notified).toHaveLength(5);
    client.release();
    await pool.end();
  });

  it('are read again within seconds where the triggers are missing, and migrating makes them', async () => {
    const version1 = await ownPostgres();
    const old = new SqlTokenStore({ url: version1.url, timeout: 5 });
    await old.migrate();
    // As the first version of the tables was.
    await version1.query(
      `drop trigger fastauth_tell_update on fastauth_sessions; drop trigger fastauth_tell_delete on fastauth_sessions;
       drop trigger fastauth_tell_truncate on fastauth_sessions; drop function fastauth_tell_row, fastauth_tell_all;
       drop index fastauth_sessions_live; drop index fastauth_sessions_oldest;
       alter table fastauth_sessions drop column scope, drop column beginning_unknown; delete from fastauth_schema where version > 1`,
    );
    const before = store;
    store = old;
    await store.open();
    const record = await kept();
    await version1.query('update fastauth_sessions set revoked_at = 1');
    const start = performance.now();
    await until(async () => !(await isUsable(record)), 'it is read again', 15_000);
    expect(performance.now() - start).toBeGreaterThan(1000);

    expect(await old.migrate()).toEqual([
      '2-live-sessions',
      '3-scope',
      '4-changes-by-sql',
      '5-clients',
      '6-last-uses',
      '7-unknown-beginnings',
      '8-oldest-sessions',
    ]);
    expect(await old.migrate()).toEqual([]);
    expect(await old.list(record.clientId)).toHaveLength(1);
    await old.close();
    await old.open();
    const other = await kept();
    await version1.query('truncate fastauth_sessions');
    await until(async () => !(await isUsable(other)), 'it is told', 2000);
    await old.close();
    store = before;
    await version1.drop();
  });
});

describePostgres('tables where the application wants them', () => {
  let database: OwnDatabase;
  const schema = `fastauth "x" ${process.pid}`;
  const quoted = `"${schema.replaceAll('"', '""')}"`;

  beforeAll(async () => {
    database = await ownPostgres();
    await database.query(`create schema ${quoted}`);
  });
  afterAll(async () => {
    await database.query(`drop schema ${quoted} cascade`);
    await database.drop();
  });

  it('are in the schema that ?schema= names, with their triggers', async () => {
    const url = new URL(database.url);
    url.searchParams.set('schema', schema);
    const store = new SqlTokenStore({ url: url.href, timeout: 5 });
    await store.migrate();
    await store.open();
    const { record, pair } = sessionSample();
    await store.insert(record, pair, 1);
    expect(await database.query(`select family_id from ${quoted}.fastauth_sessions`)).toHaveLength(1);
    const heard: unknown[] = [];
    await untilKept(store, record);
    store.watch((changed) => heard.push(changed));
    await database.query(`delete from ${quoted}.fastauth_sessions`);
    await until(() => heard.length > 0, 'it is told', PATIENCE_MS);
    expect(await store.keyUse(0)).toEqual([]);
    await store.close();
  });

  it("are read by an application's Kysely whose plugins name columns otherwise", async () => {
    await new SqlTokenStore({ url: database.url }).migrate();
    const pool = new Pool({ connectionString: database.url });
    const db = new Kysely<unknown>({
      dialect: new PostgresDialect({ pool }),
      plugins: [new CamelCasePlugin()],
    });
    for (const handed of [db, db.withSchema(database.name)]) {
      const store = new SqlTokenStore({ db: handed, timeout: 5 });
      expect(await store.migrate()).toEqual([]);
      await store.open();
      const { record, pair } = sessionSample();
      await store.insert(record, pair, 1);
      expect(await store.find(record)).toMatchObject({ refreshHash: record.refreshHash });
      const next = rotatedSample(record);
      expect(await store.rotate(next.record, next.pair)).toBe(true);
      expect(await store.list(record.clientId)).toHaveLength(1);
      await store.close();
    }
    await db.destroy();
  });
});

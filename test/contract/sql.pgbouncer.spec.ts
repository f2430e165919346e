import { afterAll, afterEach, beforeAll, beforeEach, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { sessionSample } from 'nestjs-fastauth/store-contract';
import type { SessionKey } from '../../src/sessions/session-record.js';
import { SqlTokenStore } from '../../src/stores/sql/sql.store.js';
import { until, untilKept } from '../support/kept-sessions.js';
import { PgBouncer } from '../support/pgbouncer.js';
import { describeWith, serviceUrl } from '../support/services.js';
import { type OwnDatabase, ownPostgres } from '../support/sql-databases.js';
import { removeTemporaryFolders } from '../support/temporary-folder.js';

jest.setTimeout(60_000);
afterAll(removeTemporaryFolders);

const LIMITS = 'statement_timeout,lock_timeout,idle_in_transaction_session_timeout';
/** What is heard late is heard by then. */
const REVOCATIONS = 10;

const describeBehindPgBouncer = await describeWith('PostgreSQL', 'pgbouncer');

describeBehindPgBouncer('two stores behind PgBouncer', () => {
  let database: OwnDatabase;
  let bouncer: PgBouncer;
  let stores: readonly [SqlTokenStore, SqlTokenStore];
  const warned = jest.spyOn(Logger.prototype, 'warn');

  beforeAll(async () => {
    database = await ownPostgres();
    const direct = new URL(serviceUrl('PostgreSQL'));
    direct.searchParams.set('schema', database.name);
    await new SqlTokenStore({ url: direct.href }).migrate();
  });
  afterAll(() => database.drop());
  beforeEach(() => void warned.mockReset());
  afterEach(async () => {
    for (const store of stores) await store.close();
    await bouncer.stop();
  });

  async function start(settings: Record<string, string>): Promise<void> {
    bouncer = await PgBouncer.start(settings);
    const url = bouncer.url(database.name);
    stores = [new SqlTokenStore({ url, timeout: 1 }), new SqlTokenStore({ url, timeout: 1 })];
  }

  /** One revokes, and the other one is asked at once. @returns how often it knew */
  async function revocationsSeen(prepare: (key: SessionKey) => Promise<void>): Promise<number> {
    const [one, other] = stores;
    let seen = 0;
    for (let nth = 0; nth < REVOCATIONS; nth++) {
      const { record, pair } = sessionSample();
      await one.insert(record, pair, 1);
      await prepare(record);
      await one.revoke(record, record.createdAt + 1);
      const found = await other.find(record);
      if (found === undefined || found.revokedAt !== undefined) seen++;
    }
    return seen;
  }

  it('that lends connections by transaction: nothing is kept, watchers hear, and a warning says so', async () => {
    await start({ pool_mode: 'transaction', ignore_startup_parameters: LIMITS });
    const [, other] = stores;
    await Promise.all(stores.map((store) => store.open()));
    const heard: (SessionKey | undefined)[] = [];
    other.watch((changed) => heard.push(changed));
    await until(() => warned.mock.calls.length >= 2, 'Nothing is said');
    expect(warned.mock.calls.map(([text]) => String(text))).toEqual(
      stores.map(() => expect.stringMatching(/^PostgreSQL tells this process nothing \(LISTEN\)/)),
    );
    const isKept = async (key: SessionKey): Promise<void> => {
      await other.find(key);
      expect(other.find(key)).toBeInstanceOf(Promise);
      await other.find(key);
    };
    expect(await revocationsSeen(isKept)).toBe(REVOCATIONS);
    await until(
      () => heard.filter((key) => key !== undefined).length >= REVOCATIONS,
      'Watchers hear nothing',
    );
  });

  it('that lends connections by session: sessions are kept, and revocations told', async () => {
    await start({ pool_mode: 'session', ignore_startup_parameters: LIMITS });
    const [one, other] = stores;
    await Promise.all(stores.map((store) => store.open()));
    const { record, pair } = sessionSample();
    await one.insert(record, pair, 1);
    await untilKept(other, record);
    await one.revoke(record, record.createdAt + 1);
    await until(async () => (await other.find(record))?.revokedAt !== undefined, 'It is not told', 2000);
    expect(warned).not.toHaveBeenCalled();
  });

  it('that refuses the time limits of statements: says what to set', async () => {
    await start({ pool_mode: 'transaction' });
    await expect(stores[0].open()).rejects.toThrow(/ignore_startup_parameters = statement_timeout,/);
  });
});

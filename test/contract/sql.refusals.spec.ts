import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { ConfigError, StoreUnavailableError } from '../../src/errors.js';
import { SqlTokenStore } from '../../src/stores/sql/sql.store.js';
import { describeWith } from '../support/services.js';
import '../support/silent-logger.js';
import { ownMariadb, ownPostgres, type OwnDatabase } from '../support/sql-databases.js';

const SERVERS = [
  {
    name: 'PostgreSQL',
    describeWithServer: await describeWith('PostgreSQL'),
    own: ownPostgres,
    withTls: (url: URL) => url.searchParams.set('sslmode', 'verify-full'),
    noDatabase: '3D000',
    noLogin: '28000',
    noRight: '42501',
    withoutRight: (user: string) => [`create role ${user} login`],
    drop: (user: string) => `drop role ${user}`,
  },
  {
    name: 'MariaDB',
    describeWithServer: await describeWith('MariaDB'),
    own: ownMariadb,
    withTls: (url: URL) => url.searchParams.set('ssl', '{}'),
    noDatabase: 'ER_BAD_DB_ERROR',
    noLogin: 'ER_ACCESS_DENIED_ERROR',
    noRight: 'ER_DBACCESS_DENIED_ERROR',
    withoutRight: (user: string) => [`create user ${user}@'127.0.0.1'`],
    drop: (user: string) => `drop user ${user}@'127.0.0.1'`,
  },
];

describe.each(SERVERS)('$name', ({ describeWithServer, own, ...server }) => {
  describeWithServer('that does not let the store in', () => {
    let database: OwnDatabase;
    let lines: string[];
    let place: string;

    beforeAll(async () => {
      database = await own();
      await new SqlTokenStore({ url: database.url }).migrate();
      const { host } = new URL(database.url);
      place = `${server.name === 'PostgreSQL' ? server.name : 'MySQL or MariaDB'} at ${host}`;
    });
    beforeAll(() => {
      jest
        .spyOn(Logger.prototype, 'warn')
        .mockImplementation((line: unknown) => void lines.push(String(line)));
    });
    afterEach(() => void (lines = []));
    afterAll(async () => {
      jest.restoreAllMocks();
      await database.drop();
    });

    function urlWith(change: (url: URL) => void): string {
      const url = new URL(database.url);
      change(url);
      return url.href;
    }

    async function startAt(url: string): Promise<unknown> {
      lines = [];
      const store = new SqlTokenStore({ url, timeout: 5 });
      const refused = await store.open().catch((error: unknown) => error);
      await store.close();
      return refused;
    }

    it('ends the start where its database is not there', async () => {
      const refused = await startAt(urlWith((url) => (url.pathname = '/fastauth_not_there')));
      expect(refused).toBeInstanceOf(ConfigError);
      expect((refused as ConfigError).faults).toEqual([
        `database-url: ${place} does not have the database "fastauth_not_there" (${server.noDatabase})`,
      ]);
      expect(lines).toEqual([]);
    });

    it('ends the start where it refuses the login', async () => {
      const refused = await startAt(
        urlWith((url) => Object.assign(url, { username: 'fastauth_nobody', password: 'sesame' })),
      );
      expect(refused).toBeInstanceOf(ConfigError);
      expect((refused as ConfigError).faults).toEqual([
        `database-url: ${place} refuses the login of the user "fastauth_nobody" (${server.noLogin})`,
      ]);
      expect(lines).toEqual([]);
    });

    it('ends the start where it grants nothing, and says so to the migration', async () => {
      const user = `${database.name}_user`;
      for (const sql of server.withoutRight(user)) await database.query(sql);
      const url = urlWith((own) => (own.username = user));
      const words = new RegExp(`${place} does not let the user "${user}" use .* \\(${server.noRight}\\)`);
      try {
        const refused = await startAt(url);
        expect(refused).toBeInstanceOf(ConfigError);
        expect((refused as ConfigError).message).toMatch(words);
        expect(lines).toEqual([]);
        await expect(new SqlTokenStore({ url }).migrate()).rejects.toThrow(words);
      } finally {
        await database.query(server.drop(user));
      }
    });

    it('ends the start where TLS is asked for and it has none', async () => {
      const refused = await startAt(urlWith(server.withTls));
      expect(refused).toBeInstanceOf(ConfigError);
      expect((refused as ConfigError).faults).toEqual([
        `database-url: ${place} does not speak TLS, which the URL asks for`,
      ]);
    });

    it('is waited for where its host is not known, which the log says once, in words', async () => {
      lines = [];
      const url = urlWith((own) => (own.hostname = 'fastauth-database.invalid'));
      const store = new SqlTokenStore({ url, timeout: 5 });
      await store.open();
      for (let i = 0; i < 3; i++) await expect(store.ping()).rejects.toThrow(StoreUnavailableError);
      await store.close();
      expect(lines).toEqual([
        expect.stringMatching(
          /^The token store failed: .* at fastauth-database\.invalid:\d+: (there is no such host \(ENOTFOUND\)|.*\(EAI_AGAIN\))\.$/,
        ),
      ]);
    });
  });
});

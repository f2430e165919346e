import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Redis } from 'ioredis';
import mysql from 'mysql2/promise';
import { Client } from 'pg';
import { SqlTokenStore } from '../../src/stores/sql/sql.store.js';
import { PersistenceServer } from '../support/persistence-server.js';
import { RedisServer, describeWithOwnRedis } from '../support/redis-server.js';
import { describeWith, type Service } from '../support/services.js';
import '../support/silent-logger.js';
import { ownMariadb, ownPostgres, type OwnDatabase } from '../support/sql-databases.js';
import {
  refreshThroughStall,
  STALL_PATIENCE_MS,
  type StalledRefreshes,
} from '../support/stalled-refreshes.js';
import { TcpRelay } from '../support/tcp-relay.js';
import { removeTemporaryFolders } from '../support/temporary-folder.js';

jest.setTimeout(STALL_PATIENCE_MS);

/** Some were told to repeat, else the stall was none; nobody is locked out, and nothing spent opens anything. */
function expectHeld({ lockedOut, repeated, replayed }: StalledRefreshes): void {
  expect({ lockedOut, replayed }).toEqual({ lockedOut: 0, replayed: 0 });
  expect(repeated).toBeGreaterThan(0);
}

const describeRedis = await describeWithOwnRedis();

describeRedis('clients that repeat their token through a stall of Redis', () => {
  let server: RedisServer;
  let admin: Redis;
  beforeAll(async () => {
    server = await RedisServer.start();
    admin = new Redis(server.url);
  });
  afterAll(async () => {
    admin.disconnect();
    await server.stop();
    removeTemporaryFolders();
  });

  it('whose process is stopped', async () => {
    expectHeld(
      await refreshThroughStall(server.url, 'stopped', async () => {
        server.pause();
        return () => server.resume();
      }),
    );
  });

  it('that postpones writes alone', async () => {
    expectHeld(
      await refreshThroughStall(server.url, 'paused', async () => {
        await admin.call('CLIENT', 'PAUSE', '600000', 'WRITE');
        return async () => void (await admin.call('CLIENT', 'UNPAUSE'));
      }),
    );
  });

  it('whose network delivers everything late', async () => {
    const relay = await TcpRelay.start(server.port);
    expectHeld(
      await refreshThroughStall(`redis://127.0.0.1:${relay.port}`, 'late', async () => {
        relay.freeze();
        return () => relay.thaw();
      }),
    );
    await relay.stop();
  });
});

/** Another session of the database, which holds all rows. */
type HoldRows = (url: string) => Promise<() => Promise<void>>;

const databases: [Service, () => Promise<OwnDatabase>, HoldRows][] = [
  [
    'PostgreSQL',
    ownPostgres,
    async (url) => {
      const client = new Client({ connectionString: url });
      await client.connect();
      await client.query('begin');
      await client.query('select 1 from fastauth_sessions for update');
      return async () => {
        await client.query('rollback');
        await client.end();
      };
    },
  ],
  [
    'MariaDB',
    ownMariadb,
    async (url) => {
      const connection = await mysql.createConnection({ uri: url });
      await connection.query('begin');
      await connection.query('select 1 from fastauth_sessions for update');
      return async () => {
        await connection.query('rollback');
        await connection.end();
      };
    },
  ],
];

for (const [service, own, holdRows] of databases) {
  const describeServer = await describeWith(service);
  describeServer(service, () => {
    let database: OwnDatabase;
    beforeAll(async () => {
      database = await own();
      await new SqlTokenStore({ url: database.url }).migrate();
    });
    afterAll(() => database.drop());

    describe('clients that repeat their token through a stall of it', () => {
      it('whose network delivers everything late', async () => {
        const url = new URL(database.url);
        const relay = await TcpRelay.start(Number(url.port));
        url.port = String(relay.port);
        expectHeld(
          await refreshThroughStall(url.href, 'late', async () => {
            relay.freeze();
            return () => relay.thaw();
          }),
        );
        await relay.stop();
      });

      it('whose rows are held by another transaction', async () => {
        expectHeld(await refreshThroughStall(database.url, 'held', () => holdRows(database.url)));
      });
    });
  });
}

describe('clients that repeat their token through a stall of the REST persistence API', () => {
  it('whose network delivers everything late', async () => {
    const server = new PersistenceServer();
    await server.start();
    const relay = await TcpRelay.start(server.port);
    const stall = async () => {
      relay.freeze();
      return () => relay.thaw();
    };
    const url = `http://127.0.0.1:${relay.port}`;
    expectHeld(await refreshThroughStall(url, 'late', stall, false));
    await relay.stop();
    await server.stop();
  });
});

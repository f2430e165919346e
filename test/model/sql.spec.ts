import { afterAll, beforeAll, describe, jest } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { describeSessionModel } from 'nestjs-fastauth/store-contract';
import { SqlTokenStore } from '../../src/stores/sql/sql.store.js';
import { modelRuns, modelTimeout } from '../support/model-runs.js';
import { describeWith, type Service } from '../support/services.js';
import { ownMariadb, ownPostgres, type OwnDatabase } from '../support/sql-databases.js';
import { processOn } from '../support/store-processes.js';
import { TcpRelay } from '../support/tcp-relay.js';

jest.setTimeout(modelTimeout(120_000));
/** PostgreSQL tells of changes, and so its sessions are kept in memory meanwhile. */
const seenWithin = 500;
/** A statement that had waited is done by then. */
const LATE_STATEMENT_MS = 200;
const servers: [Service, () => Promise<OwnDatabase>][] = [
  ['PostgreSQL', ownPostgres],
  ['MariaDB', ownMariadb],
];

for (const [service, own] of servers) {
  const describeServer = await describeWith(service);
  describeServer(service, () => {
    let database: OwnDatabase;
    let apps = 0;
    beforeAll(async () => {
      database = await own();
      await new SqlTokenStore({ url: database.url }).migrate();
    });
    afterAll(() => database.drop());

    describeSessionModel(`SqlTokenStore on ${service}`, {
      ...modelRuns(10),
      seenWithin,
      setUp: async () => {
        const appName = `app ${apps++}`;
        return {
          open: async () => {
            const store = new SqlTokenStore({ url: database.url, appName, timeout: 5 });
            await store.open();
            return store;
          },
        };
      },
    });

    describe('through a network that delivers late', () => {
      let relay: TcpRelay;
      beforeAll(async () => {
        relay = await TcpRelay.start(Number(new URL(database.url).port));
      });
      afterAll(() => relay.stop());

      describeSessionModel(`SqlTokenStore on ${service}`, {
        ...modelRuns(4),
        commands: 15,
        seenWithin,
        stall: async () => {
          relay.freeze();
          return async () => {
            relay.thaw();
            await sleep(LATE_STATEMENT_MS);
          };
        },
        setUp: async () => {
          const appName = `app ${apps++}`;
          const url = new URL(database.url);
          url.port = String(relay.port);
          return {
            open: async () => {
              const store = new SqlTokenStore({ url: url.href, appName, timeout: 0.3 });
              await store.open();
              return store;
            },
          };
        },
      });
    });

    describeSessionModel(`SqlTokenStore on ${service}, in processes that are killed`, {
      ...modelRuns(2),
      seenWithin,
      nodes: 2,
      setUp: async () => ({
        process: processOn(database.url, { appName: `app ${apps++}`, storeTimeout: 5 }),
      }),
    });
  });
}

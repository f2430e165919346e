import { afterAll, describe, expect, it, jest } from '@jest/globals';
import { Agent, get } from 'node:http';
import { join } from 'node:path';
import type { Clock } from '../../src/clock.js';
import { LmdbTokenStore } from '../../src/stores/lmdb/lmdb.store.js';
import { MemoryTokenStore } from '../../src/stores/memory/memory.store.js';
import { startApp } from '../support/app.js';
import { type Cleaning, RedisCleaning, SqlCleaning, SweptCleaning } from '../support/cleanings.js';
import { removeRedisApps } from '../support/redis-apps.js';
import { RoutesController } from '../support/routes.controller.js';
import { describeWith } from '../support/services.js';
import { ownMariadb, ownPostgres } from '../support/sql-databases.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';

const ENDED = 100_000;
/** Blocks of requests with and without cleaning, by turns, so that whatever else the machine does meets both. */
const BLOCKS = 16;
/** On a machine that is busy with something else 16 may not be enough to tell; all of them count. */
const MOST_BLOCKS = 64;
const REQUESTS = 240;
const CONNECTIONS = 4;

jest.setTimeout(180_000);
afterAll(async () => {
  removeTemporaryFolders();
  await removeRedisApps();
});

describe('while ended sessions leave', () => {
  it.each([
    ['MemoryTokenStore', () => new MemoryTokenStore()],
    ['LmdbTokenStore', () => new LmdbTokenStore({ folder: join(temporaryFolder(), 'store'), timeout: 60 })],
  ])('%s is quick, lets go of the event loop between small batches, and keeps none', async (_, open) => {
    const cleaning = new SweptCleaning(open());
    await staysQuick(cleaning, async (clock) => expect(await cleaning.finish(clock)).toBe(0));
    expect(Math.max(...cleaning.limits)).toBeLessThanOrEqual(1000);
    expect(median(cleaning.ticks)).toBeLessThan(10);
  });
});

for (const [service, open] of [
  ['Redis', async () => new RedisCleaning()],
  ['PostgreSQL', async () => SqlCleaning.open(await ownPostgres())],
  ['MariaDB', async () => SqlCleaning.open(await ownMariadb())],
] as const) {
  (await describeWith(service))(`while ended sessions leave ${service}`, () => {
    it('guarded requests are quick', async () => staysQuick(await open()));
  });
}

/** The 99th percentile of guarded requests stays under twice what it is without cleaning. */
async function staysQuick(
  cleaning: Cleaning,
  finish: (clock: Clock) => Promise<void> = async () => undefined,
): Promise<void> {
  const { store } = cleaning;
  const app = await startApp({ adapter: 'fastify', controllers: [RoutesController], fastauth: { store } });
  const { access_token: token } = await app.issue('busy');
  const agents = Array.from({ length: CONNECTIONS }, () => new Agent({ keepAlive: true, maxSockets: 1 }));
  const p99 = async (): Promise<number> => {
    const times: number[] = [];
    await Promise.all(
      agents.map(async (agent) => {
        for (let n = 0; n < REQUESTS / CONNECTIONS; n++) {
          const started = performance.now();
          const status = await statusOf(`${app.url}/whoami`, agent, token);
          times.push(status === 200 ? performance.now() - started : Infinity);
        }
      }),
    );
    return times.sort((a, b) => a - b)[Math.floor(REQUESTS * 0.99)] as number;
  };
  await p99();
  await cleaning.fill(ENDED);
  const [idle, cleaned]: [number[], number[]] = [[], []];
  const isQuick = (): boolean => median(cleaned) < 2 * median(idle);
  for (let block = 0; block < BLOCKS || (block < MOST_BLOCKS && !isQuick()); block++) {
    const blocks = [
      async () => idle.push(await p99()),
      async () => {
        const end = await cleaning.begin(app.clock);
        cleaned.push(await p99());
        await end();
      },
    ];
    for (const run of block % 2 === 0 ? blocks : blocks.toReversed()) await run();
  }
  await finish(app.clock);
  for (const agent of agents) agent.destroy();
  await app.close();
  await cleaning.close();
  const figures = { blocks: idle.length, idle: median(idle), cleaned: median(cleaned), isQuick: isQuick() };
  if (process.env['FASTAUTH_TEST_FIGURES']) console.info(store.constructor.name, JSON.stringify(figures));
  expect(figures).toMatchObject({ isQuick: true });
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] as number;
}

function statusOf(url: string, agent: Agent, token: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    get(url, { agent, headers: { 'ACCESS-TOKEN': token } }, (response) => {
      response.resume();
      response.on('end', () => resolve(response.statusCode));
    }).on('error', reject);
  });
}

import { afterAll, describe, expect, it, jest } from '@jest/globals';
import { Agent, get } from 'node:http';
import { join } from 'node:path';
import { sessionSample } from 'nestjs-fastauth/testing';
import { LmdbTokenStore } from '../../src/stores/lmdb.store.js';
import { MemoryTokenStore } from '../../src/stores/memory.store.js';
import type { TokenStore } from '../../src/stores/token-store.js';
import { SessionSweeper } from '../../src/tokens/session-sweeper.js';
import { startApp } from '../support/app.js';
import { RoutesController } from '../support/routes.controller.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';

const EXPIRED = 100_000;
const REQUESTS = 1000;
const ATTEMPTS = 4;

jest.setTimeout(300_000);
afterAll(removeTemporaryFolders);

describe.each<[string, () => TokenStore]>([
  ['MemoryTokenStore', () => new MemoryTokenStore()],
  ['LmdbTokenStore', () => new LmdbTokenStore({ folder: join(temporaryFolder(), 'store') })],
])('cleaning up %s', (_name, make) => {
  it(`keeps guarded requests quick while ${EXPIRED} ended sessions leave`, async () => {
    const store = make();
    const sweep = jest.spyOn(store, 'sweep');
    const app = await startApp({ adapter: 'fastify', controllers: [RoutesController], fastauth: { store } });
    const { access_token: token } = await app.issue('busy');
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const p99 = async (): Promise<number> => {
      const times: number[] = [];
      for (let n = 0; n < REQUESTS; n++) {
        const started = performance.now();
        expect(await statusOf(`${app.url}/whoami`, agent, token)).toBe(200);
        times.push(performance.now() - started);
      }
      return times.sort((a, b) => a - b)[Math.floor(REQUESTS * 0.99)] as number;
    };

    const figures: [idle: number, cleaning: number][] = [];
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      await fill(store, EXPIRED / ATTEMPTS, app.clock.seconds - 100_000);
      const idle = await p99();
      sweep.mockClear();
      await app.app.get(SessionSweeper).sweep();
      figures.push([idle, await p99()]);
      expect(sweep.mock.calls.length).toBeGreaterThan(5);
      for (let last = 500; last === 500;) {
        await new Promise((resolve) => setTimeout(resolve, 50));
        last = await (sweep.mock.results.at(-1)?.value as Promise<number>);
      }
    }
    agent.destroy();
    await app.close();
    // A machine that is busy with something else spoils one comparison, not all of them.
    const ratios = figures.map(([idle, cleaning]) => cleaning / idle).sort((a, b) => a - b);
    expect({ figures, best: (ratios[0] as number) < 2 }).toMatchObject({ best: true });
  });
});

async function fill(store: TokenStore, count: number, createdAt: number): Promise<void> {
  for (let filled = 0; filled < count; filled += 2500) {
    const samples = Array.from({ length: 2500 }, () => sessionSample({ createdAt }));
    await Promise.all(samples.map(({ record, pair }) => store.insert(record, pair, Infinity)));
  }
}

function statusOf(url: string, agent: Agent, token: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    get(url, { agent, headers: { 'ACCESS-TOKEN': token } }, (response) => {
      response.resume();
      response.on('end', () => resolve(response.statusCode));
    }).on('error', reject);
  });
}

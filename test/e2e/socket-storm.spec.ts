import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { ADAPTERS, startApp } from '../support/app.js';
import { Storms, type StormState } from '../support/storms.js';

/** `FASTAUTH_TEST_SOCKETS=10000` for the figures of docs/websockets.md; fewer are enough to see a leak. */
const IDLE_SOCKETS = Number(process.env['FASTAUTH_TEST_SOCKETS'] || 1500);
/** For the figures, long enough for two pings of each socket. */
const IDLE_MS = process.env['FASTAUTH_TEST_SOCKETS'] ? 65_000 : 2000;
const STORM = 5000;
const CLIENTS = 250;
/** What a guarded idle socket may cost beyond an open one, with its token remembered, and without. */
const MOST_BYTES_ADDED = { remembered: 1200, alone: 1000 };

let storms: Storms;
beforeAll(async () => {
  storms = await Storms.compile();
});
afterAll(() => storms.end());

const clientIds = (count: number): string[] => Array.from({ length: count }, (_, index) => `client-${index}`);
type Issued = { accessToken: string };

it(`a storm: ${STORM} reconnects at once are admitted with good tokens and refused with bad ones`, async () => {
  const { url, ask, swarm, settled } = await storms.start();
  const tokens = (await ask<Issued[]>('issue', clientIds(CLIENTS))).map(({ accessToken }) => accessToken);
  const bad = tokens.map((token) => `${token.slice(0, -4)}AAAA`);
  const storm = async (which: readonly string[]): Promise<unknown> =>
    swarm({ url: `${url}/live`, count: STORM, tokens: which });

  // Once to have everything compiled and allocated.
  for (const warmUp of [{ tokens: bad, count: 500 }, { count: 1000 }]) {
    expect(await swarm({ url: `${url}/live`, ...warmUp })).toMatchObject({ refused: warmUp.count });
  }
  const before = await settled();

  const began = Date.now();
  expect(await storm(tokens)).toEqual({ admitted: STORM, refused: 0, failed: 0 });
  const tookMs = Date.now() - began;
  const during = await ask<StormState>('state');
  expect(during).toMatchObject({ connections: STORM, live: STORM });
  expect(await swarm({ url, count: 0, close: true })).toBeDefined();
  expect(await settled()).toMatchObject({ connections: 0, live: 0 });

  const badBegan = Date.now();
  expect(await storm(bad)).toEqual({ admitted: 0, refused: STORM, failed: 0 });
  const badTookMs = Date.now() - badBegan;
  const after = await settled();
  expect(after).toMatchObject({ connections: 0, live: 0 });
  const grown = after.used - before.used;
  expect(grown).toBeLessThan(4_000_000);
  if (process.env['FASTAUTH_TEST_SOCKETS']) console.info({ tookMs, badTookMs, grown });
}, 120_000);

it('half-open sockets: those that never answer the close of their refusal are cut', async () => {
  const { url, swarm, settled } = await storms.start();
  const began = Date.now();
  const mute = { url: `${url}/live`, count: 300, mute: true };
  expect(await swarm(mute)).toEqual({ admitted: 0, refused: 300, failed: 0 });
  expect(await settled()).toMatchObject({ connections: 0 });
  expect(Date.now() - began).toBeLessThan(10_000);
}, 30_000);

// Node's own limits end what is connected and sends no complete handshake; here only that they are on.
it.each(ADAPTERS)('half-open handshakes are ended within a minute on %s', async (adapter) => {
  const app = await startApp({ adapter });
  const { headersTimeout } = app.app.getHttpServer() as import('node:http').Server;
  expect(headersTimeout).toBeGreaterThan(0);
  expect(headersTimeout).toBeLessThanOrEqual(60_000);
  await app.close();
});

describe(`${IDLE_SOCKETS} idle sockets`, () => {
  it(
    'cost little more guarded than open, and no CPU',
    async () => {
      const measure = async (
        path: string,
        settings: object = {},
      ): Promise<{ bytes: number; rss: number; cpu: number }> => {
        const { url, ask, swarm, state } = await storms.start('ws', settings);
        const issued = await ask<Issued[]>('issue', clientIds(path === '/live' ? IDLE_SOCKETS : 1));
        const tokens = issued.map(({ accessToken }) => accessToken);
        // One round to have everything compiled and allocated.
        await swarm({ url: url + path, count: 200, tokens });
        await swarm({ url, count: 0, close: true });
        await sleep(200);
        const before = await state();
        expect(await swarm({ url: url + path, count: IDLE_SOCKETS, tokens })).toMatchObject({
          admitted: IDLE_SOCKETS,
        });
        const after = await state();
        const cpu = await ask<number>('cpu', IDLE_MS);
        expect(await state()).toMatchObject({ connections: IDLE_SOCKETS });
        await swarm({ url, count: 0, close: true });
        return {
          bytes: (after.used - before.used) / IDLE_SOCKETS,
          rss: (after.rss - before.rss) / IDLE_SOCKETS,
          cpu: cpu / (IDLE_MS * 1000),
        };
      };
      const open = await measure('/open');
      const guarded = await measure('/live');
      const alone = await measure('/live', { verifiedTokenCacheSize: 1 });
      if (process.env['FASTAUTH_TEST_SOCKETS']) console.info({ open, guarded, alone });
      expect(guarded.bytes - open.bytes).toBeLessThan(MOST_BYTES_ADDED.remembered);
      expect(alone.bytes - open.bytes).toBeLessThan(MOST_BYTES_ADDED.alone);
      // Of one core, the process's own share included.
      expect(guarded.cpu).toBeLessThan(0.05);
    },
    60_000 + 3 * IDLE_MS + IDLE_SOCKETS * 30,
  );
});

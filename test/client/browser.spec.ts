import { afterEach, describe, expect } from '@jest/globals';
import { FastauthEvents, TokenService } from '../../src/index.js';
import { startApp, type TestApp } from '../support/app.js';
import { CHROMIUM, ClientPageController, Tabs } from '../support/client-page.js';
import { itIf } from '../support/services.js';

const LIFETIME = 900;
/** Further than clocks may differ. */
const PAST_END = LIFETIME + 60;
const EXPIRIES = 100;
const OLD_BROWSER = 'delete Navigator.prototype.locks; delete globalThis.BroadcastChannel;';
/** Several requests at once, as a page sends them. */
const REQUESTS = `Promise.all([1, 2, 3].map(() => client.fetch('/whoami').then((answer) => answer.status)))`;

const itInBrowser = itIf(CHROMIUM !== undefined, 'no Chromium');

describe('the client in a browser', () => {
  let server: TestApp;
  let tabs: Tabs;
  let counted: Record<string, number>;
  afterEach(async () => {
    await tabs?.close();
    await server?.close();
  });

  async function start(options: { before?: string; refreshGrace?: number } = {}): Promise<void> {
    const { before, refreshGrace = 10 } = options;
    server = await startApp({
      adapter: 'express',
      controllers: [ClientPageController],
      fastauth: { accessTokenExpiresIn: LIFETIME, refreshGrace },
    });
    counted = {};
    server.app.get(FastauthEvents).subscribe(({ type }) => (counted[type] = (counted[type] ?? 0) + 1));
    tabs = await Tabs.open(server.url, 2, before);
    const pair = await server.issue('ada');
    await tabs.first(`client.login(${JSON.stringify(pair)})`);
  }

  const ended = (): Promise<number[]> => tabs.all('globalThis.ended');
  const fetchInAll = (): Promise<number[][]> => tabs.all(REQUESTS);

  for (const [name, options] of [
    ['with Web Locks', {}],
    ['without Web Locks and channels', { before: OLD_BROWSER }],
    ['without Web Locks, where the server has no grace', { before: OLD_BROWSER, refreshGrace: 0 }],
  ] as const) {
    itInBrowser(
      `renews once for two tabs, ${EXPIRIES} times, and logs nobody out: ${name}`,
      async () => {
        await start(options);
        for (let expiry = 0; expiry < EXPIRIES; expiry++) {
          server.clock.advance(PAST_END);
          // By turns the device knows that the token has expired, and is told by the server.
          if (expiry % 2 === 0) await tabs.all(`globalThis.ahead += ${PAST_END * 1000}`);
          expect(await fetchInAll()).toEqual([
            [200, 200, 200],
            [200, 200, 200],
          ]);
        }
        expect(counted['token.refreshed']).toBe(EXPIRIES);
        expect(counted['token.reused']).toBeUndefined();
        expect(await ended()).toEqual([0, 0]);
      },
      120_000,
    );
  }

  itInBrowser(
    'renews before the token expires',
    async () => {
      await start();
      server.clock.advance(LIFETIME - 20);
      await tabs.all(`globalThis.ahead += ${(LIFETIME - 20) * 1000}`);
      await fetchInAll();
      expect(counted).toMatchObject({ 'token.refreshed': 1 });
      expect(counted['access.denied']).toBeUndefined();
    },
    60_000,
  );

  itInBrowser(
    'is offline and back',
    async () => {
      await start();
      server.clock.advance(PAST_END);
      await tabs.all(`globalThis.ahead += ${PAST_END * 1000}`);
      await tabs.offline(true);
      const failed = await tabs.all<string>(`client.fetch('/whoami').catch((error) => error.name)`);
      expect(failed).toEqual(['TypeError', 'TypeError']);
      expect(await ended()).toEqual([0, 0]);
      await tabs.offline(false);
      expect(await fetchInAll()).toEqual([
        [200, 200, 200],
        [200, 200, 200],
      ]);
      expect(counted['token.refreshed']).toBe(1);
      expect(await ended()).toEqual([0, 0]);
    },
    60_000,
  );

  itInBrowser(
    'has slept for a year less a day, and its clock is wrong and jumps',
    async () => {
      await start();
      const day = 86_400;
      server.clock.advance(364 * day);
      await tabs.all(`globalThis.ahead += ${364 * day * 1000}`);
      expect((await fetchInAll()).flat()).toEqual(Array(6).fill(200));
      // Set back by ten years, the device takes its token for good; the server says otherwise.
      await tabs.all(`globalThis.ahead -= ${3650 * day * 1000}`);
      server.clock.advance(PAST_END);
      expect((await fetchInAll()).flat()).toEqual(Array(6).fill(200));
      // Set forward, it renews once, and counts from there.
      await tabs.all(`globalThis.ahead += ${7300 * day * 1000}`);
      for (let time = 0; time < 5; time++) expect((await fetchInAll()).flat()).toEqual(Array(6).fill(200));
      expect(counted['token.refreshed']).toBe(3);
      expect(await ended()).toEqual([0, 0]);
    },
    60_000,
  );

  itInBrowser(
    'ends the session in every tab, and begins it in every tab',
    async () => {
      await start();
      await server.app.get(TokenService).revokeClient('ada');
      expect(await tabs.first<number>(`client.fetch('/whoami').then((answer) => answer.status)`)).toBe(401);
      await tabs.all(`new Promise((done) => setTimeout(done, 100))`);
      expect(await ended()).toEqual([1, 1]);
      const pair = await server.issue('ada');
      await tabs.first(`client.login(${JSON.stringify(pair)})`);
      expect((await fetchInAll()).flat()).toEqual(Array(6).fill(200));
      await tabs.reload();
      expect((await fetchInAll()).flat()).toEqual(Array(6).fill(200));
      await tabs.first(`client.logout()`);
      expect((await fetchInAll()).flat()).toEqual(Array(6).fill(401));
      expect(await ended()).toEqual([1, 1]);
      expect(counted).toMatchObject({ 'session.revoked': 2 });
    },
    60_000,
  );
});

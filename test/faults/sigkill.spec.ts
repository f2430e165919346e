import { afterAll, expect, it } from '@jest/globals';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { StoreProcess } from 'nestjs-fastauth/store-contract';
import { SystemClock } from '../../src/clock.js';
import { UnauthorizedError } from '../../src/errors.js';
import { LmdbTokenStore } from '../../src/stores/lmdb/lmdb.store.js';
import type { IssuedTokens } from '../../src/tokens/issued-tokens.js';
import type { TokenService } from '../../src/tokens/token.service.js';
import { processOn } from '../support/store-processes.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';
import { createTokenService } from '../support/token-service.js';

/** `FAULT_KILLS=200` for the longer run. */
const KILLS = Number(process.env['FAULT_KILLS'] ?? 50);
const CLIENTS = 6;
const SETTINGS = { refreshGrace: 600, sessionsPerClient: 1 };

afterAll(removeTemporaryFolders);

/** The answer, or undefined where the process died before it gave one. */
async function unlessKilled<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if ((error as Error).name !== 'ProcessEnded') throw error;
    return undefined;
  }
}

/** Waits for that many of these to be there. */
async function after(count: number, calls: readonly Promise<unknown>[]): Promise<void> {
  let settled = 0;
  await new Promise<void>((resolve) => {
    if (count === 0) resolve();
    for (const call of calls) void call.finally(() => ++settled === count && resolve());
  });
}

async function isGood(tokens: TokenService, accessToken: string): Promise<boolean> {
  try {
    await tokens.verify(accessToken);
    return true;
  } catch (error) {
    if (error instanceof UnauthorizedError) return false;
    throw error;
  }
}

it(
  `keeps exactly one of old and new pair over ${KILLS} SIGKILLs in issue, refresh and revoke`,
  async () => {
    const url = `lmdb:${join(temporaryFolder(), 'store')}`;
    const start = () => StoreProcess.start(processOn(url, SETTINGS));
    const store = new LmdbTokenStore({ folder: url.slice('lmdb:'.length) });
    await store.open();
    const { service: tokens } = createTokenService(SETTINGS, store, new SystemClock());
    const currents: IssuedTokens[] = [];
    for (let n = 0; n < CLIENTS; n++) currents.push(await tokens.issue({ clientId: `client-${n}` }));
    let acknowledged = 0;
    let cut = 0;

    let next = start();
    for (let round = 0; round < KILLS; round++) {
      const victim = await next;
      next = round + 1 < KILLS ? start() : next;
      await victim.skew(0);
      const issuing = unlessKilled(victim.tokens('issue', [{ clientId: `new-${round}` }]));
      const doomed = await tokens.issue({ clientId: `doomed-${round}` });
      const refreshes = currents.map(({ refreshToken }) =>
        unlessKilled(victim.tokens('refresh', [refreshToken])),
      );
      const revoking = unlessKilled(victim.tokens('revoke', [doomed]));
      // At a random point: after some of the answers, and a little.
      await after(Math.floor(Math.random() * CLIENTS), refreshes);
      await sleep(Math.random() * 2);
      await victim.kill();
      const [answers, issued, revoked] = await Promise.all([Promise.all(refreshes), issuing, revoking]);

      for (const [n, old] of currents.entries()) {
        const answer = answers[n];
        if (answer) acknowledged++;
        else cut++;
        const [record] = await store.list(old.clientId);
        const isRotated = !(await isGood(tokens, old.accessToken));
        if (answer) expect([isRotated, await isGood(tokens, answer.accessToken)]).toEqual([true, true]);
        // Whatever was written, the client that heard nothing asks again, and has the one pair that is good.
        const again = await tokens.refresh(old.refreshToken);
        if (answer)
          expect(again).toMatchObject({ accessToken: answer.accessToken, refreshToken: answer.refreshToken });
        const [after] = await store.list(old.clientId);
        expect((after?.generation ?? 0) - (record?.generation ?? 0)).toBe(isRotated ? 0 : 1);
        expect(await isGood(tokens, again.accessToken)).toBe(true);
        expect(await isGood(tokens, old.accessToken)).toBe(false);
        currents[n] = again;
      }
      if (issued) expect(await isGood(tokens, issued.accessToken)).toBe(true);
      if (revoked !== undefined)
        expect([revoked, await isGood(tokens, doomed.accessToken)]).toEqual([true, false]);
      await tokens.revoke(doomed);
      expect(await isGood(tokens, doomed.accessToken)).toBe(false);
    }
    for (const { clientId } of currents) expect(await store.list(clientId)).toHaveLength(1);
    // Kills that all came too early or too late would have shown nothing.
    expect(acknowledged).toBeGreaterThan(KILLS / 5);
    expect(cut).toBeGreaterThan(KILLS / 5);
    await store.close();
  },
  KILLS * 10_000,
);

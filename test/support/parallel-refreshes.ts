import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { StoreProcess } from 'nestjs-fastauth/testing';
import type { FastauthConfig } from '../../src/config/fastauth-config.js';
import { processOn } from './store-processes.js';

const PROCESSES = 4;
const REFRESHES = 50;
const ROUNDS = 5;

/**
 * Defines the test that a store shared by processes has to pass: of 50 refreshes of one token, spread over four
 * processes, one mints, and all answer with its pair.
 * @param config further keys of the configuration, such as `appName`
 * @param databaseUrl gives the `database-url` of an empty store; called before the tests
 */
export function describeParallelRefreshes(
  name: string,
  databaseUrl: () => string | Promise<string>,
  config: Partial<FastauthConfig> = {},
): void {
  describe(`${name}, refreshed by ${PROCESSES} processes`, () => {
    const processes: StoreProcess[] = [];

    beforeAll(async () => {
      const options = processOn(await databaseUrl(), config);
      for (let n = 0; n < PROCESSES; n++) processes.push(await StoreProcess.start(options));
    });
    afterAll(async () => {
      await Promise.all(processes.map((process) => process.stop()));
    });

    it(`answers ${REFRESHES} simultaneous refreshes of one token with one successor`, async () => {
      const [first] = processes as [StoreProcess];
      for (let round = 0; round < ROUNDS; round++) {
        const issued = await first.tokens('issue', [{ clientId: `client-${round}` }]);
        const at = Date.now() + 60;
        const answers = await Promise.all(
          Array.from({ length: REFRESHES }, (_, n) =>
            (processes[n % PROCESSES] as StoreProcess).tokens('refresh', [issued.refreshToken], at),
          ),
        );
        const successors = new Set(
          answers.map(({ accessToken, refreshToken }) => accessToken + refreshToken),
        );
        expect(successors.size).toBe(1);
        expect(successors).not.toContain(issued.accessToken + issued.refreshToken);
        const [stored] = await first.store('list', [`client-${round}`]);
        expect(stored?.generation).toBe(1);
        // The pair is good everywhere, the spent one nowhere.
        const [successor] = answers as [(typeof answers)[0]];
        for (const process of processes) {
          expect(await process.tokens('verify', [successor.accessToken])).toMatchObject({
            clientId: issued.clientId,
          });
          await expect(process.tokens('verify', [issued.accessToken])).rejects.toMatchObject({
            name: 'UnauthorizedError',
          });
        }
      }
    }, 30_000);
  });
}

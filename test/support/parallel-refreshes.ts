import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { StoreProcess } from 'nestjs-fastauth/store-contract';
import type { FastauthConfig } from '../../src/config/fastauth-config.js';
import { processOn } from './store-processes.js';

const REFRESHES = 50;
const ROUNDS = 5;

interface SharedBy {
  /** How many share the store. Default: 4. */
  readonly processes?: number;
  /** How often two refresh in the same instant. Default: 300; `FASTAUTH_TEST_TRIALS=10000` for the longer run. */
  readonly trials?: number;
  /** Further keys of the configuration, such as `appName`. */
  readonly config?: Partial<FastauthConfig>;
}

/**
 * Defines the tests that a store shared by processes has to pass: of 50 refreshes of one token, spread over them, one
 * mints, and all answer with its pair; and so do two of them that refresh in the same instant, again and again.
 * @param databaseUrl gives the `database-url` of an empty store; called before the tests
 */
export function describeParallelRefreshes(
  name: string,
  databaseUrl: () => string | Promise<string>,
  { processes: count = 4, trials: usual = 300, config }: SharedBy = {},
): void {
  const trials = Number(process.env['FASTAUTH_TEST_TRIALS'] || usual);
  describe(`${name}, refreshed by ${count} process${count === 1 ? '' : 'es'}`, () => {
    const processes: StoreProcess[] = [];

    beforeAll(async () => {
      // How fast the store is on a busy machine is not the question.
      const options = processOn(await databaseUrl(), { storeTimeout: 20, ...config });
      const starts = Array.from({ length: count }, () => StoreProcess.start(options));
      processes.push(...(await Promise.all(starts)));
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
            (processes[n % count] as StoreProcess).tokens('refresh', [issued.refreshToken], at),
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

    if (count < 2) return;
    it(
      `answers two refreshes of one token in the same instant with one successor, ${trials} times`,
      async () => {
        const [one, two] = processes as [StoreProcess, StoreProcess];
        for (let trial = 0; trial < trials; trial++) {
          const clientId = `trial-${trial}`;
          const issued = await one.tokens('issue', [{ clientId }]);
          const at = Date.now() + 5;
          const [pair, same] = await Promise.all(
            [one, two].map((process) => process.tokens('refresh', [issued.refreshToken], at)),
          );
          expect(pair?.refreshToken).not.toBe(issued.refreshToken);
          expect([same?.accessToken, same?.refreshToken]).toEqual([pair?.accessToken, pair?.refreshToken]);
          expect((await two.store('list', [clientId])).map(({ generation }) => generation)).toEqual([1]);
        }
      },
      30_000 + 100 * trials,
    );
  });
}

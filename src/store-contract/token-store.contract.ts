import assert from 'node:assert/strict';
import type { TokenStore } from '../sessions/token-store.js';
import { globalRunner, type ContractRunner, type Rule } from './contract-runner.js';
import { rotatedSample, SAMPLE_TIME, sessionSample } from './session-sample.js';
import { assertClosed, assertStored, put } from './stored-sessions.js';
import { describeAccessOnly } from './token-store.access-only.js';
import { describeEnding } from './token-store.ending.js';
import { describeInserting } from './token-store.inserting.js';
import { describeListing } from './token-store.listing.js';
import { compareWithModel } from './token-store.model.js';
import { describeProcesses, type SharedProcesses } from './token-store.processes.js';
import { describeReading } from './token-store.reading.js';
import { describeRefreshing } from './token-store.refreshing.js';
import { describeRevoking } from './token-store.revoking.js';
import { describeSharing, describeTwoApps } from './token-store.sharing.js';
import { describeWatching } from './token-store.watching.js';

/** What the suite needs to know of a store. */
export interface TokenStoreContractOptions {
  /** Gives a new, empty, opened store. The suite closes it. */
  readonly open: () => Promise<TokenStore>;
  /** Closes the store and opens another one on the same data; for stores that outlive their process. */
  readonly reopen?: (store: TokenStore) => Promise<TokenStore>;
  /**
   * Opens another store on the same data, as another server of the same application does; for stores that are shared.
   * What `heardWithin` says is checked, too.
   */
  readonly second?: (store: TokenStore) => Promise<TokenStore>;
  /** How soon a watcher hears of what another store changed, in milliseconds. Default: 1000. */
  readonly heardWithin?: number;
  /** Opens a store of another application (`app-name`) on the same backend; for backends that several may use. */
  readonly otherApp?: (store: TokenStore) => Promise<TokenStore>;
  /** How processes of their own open the store; with it they race each other, and are killed in the middle of writes. */
  readonly processes?: SharedProcesses;
  /** What the backend cannot do; everything else is checked. */
  readonly limits?: {
    /** It holds one pair of tokens per client and keeps no tombstones, as the REST persistence API. Default: false. */
    readonly oneSessionPerClient?: boolean;
    /** It drops ended sessions by itself and by its own clock, as Redis; `sweep` has nothing to do. Default: false. */
    readonly expiresByItself?: boolean;
  };
  /** The test runner's functions. Default: the globals `describe` and `it`, as Jest and Vitest offer them. */
  readonly runner?: ContractRunner;
  /** Seed of the random part. Default: 1. */
  readonly seed?: number;
}

/**
 * Defines tests for every rule of the {@link TokenStore} port. Run it for a store of your own:
 *
 * @example
 * describeTokenStoreContract('MyStore', { open: async () => { const store = new MyStore(); await store.open(); return store; } });
 */
export function describeTokenStoreContract(name: string, options: TokenStoreContractOptions): void {
  const { describe, it } = options.runner ?? globalRunner();
  const isSingle = options.limits?.oneSessionPerClient === true;
  const expiresByItself = options.limits?.expiresByItself === true;
  const { reopen, second, otherApp, processes } = options;

  const rule: Rule = (text, test) => {
    it(text, async () => {
      const store = await options.open();
      try {
        await test(store);
      } finally {
        await store.close();
      }
    });
  };

  describe(`${name} holds the contract of a token store`, () => {
    describeReading({ describe }, rule, { isSingle });
    describeInserting({ describe }, rule, { isSingle });
    describeRefreshing({ describe }, rule);
    describeRevoking({ describe }, rule, { isSingle });
    if (!isSingle) {
      describeAccessOnly({ describe }, rule);
      describeWatching({ describe }, rule);
      describeEnding({ describe }, rule, { expiresByItself });
      describeListing({ describe }, rule);

      describe('any order of calls', () => {
        rule('answers as a plain map does', (store) =>
          compareWithModel(store, { seed: options.seed ?? 1, expiresByItself }),
        );
      });
    }

    rule('takes times that go back, as a clock that was set back gives them', async (store) => {
      const { record } = await put(store, sessionSample());
      const next = rotatedSample(record, SAMPLE_TIME - 500.5);
      assert.equal(await store.rotate(next.record, next.pair), true);
      assert.equal(await store.sweep(SAMPLE_TIME - 7200, 10), 0);
      await assertStored(store, next.record);
      const third = rotatedSample(next.record, SAMPLE_TIME + 10);
      assert.equal(await store.rotate(third.record, third.pair), true);
      assert.equal(await store.revoke(record, SAMPLE_TIME - 7200), true);
      assert.equal(await store.sweep(SAMPLE_TIME - 7200, 10), 0);
      await assertClosed(store, record);
    });

    rule('gives a sign of life', (store) => store.ping());

    if (second) {
      const { open, heardWithin } = options;
      describeSharing({ describe, it }, { open, second, heardWithin, expiresByItself });
    }
    if (otherApp) describeTwoApps({ describe, it }, options.open, otherApp);
    if (processes) describeProcesses({ describe, it }, processes);

    if (reopen) {
      it('keeps everything over a restart', async () => {
        let store = await options.open();
        const kept = await put(store, sessionSample({ label: 'kept' }));
        const rotated = await put(store, sessionSample());
        const next = rotatedSample(rotated.record);
        await store.rotate(next.record, next.pair);
        const revoked = await put(store, sessionSample());
        await store.revoke(revoked.record, SAMPLE_TIME + 1);
        store = await reopen(store);
        try {
          await assertStored(store, kept.record);
          await assertStored(store, next.record);
          await assertClosed(store, revoked.record);
        } finally {
          await store.close();
        }
      });
    }
  });
}

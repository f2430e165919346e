import { describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { StoreUnavailableError } from '../errors.js';
import type { SessionRecord, TokenPair } from '../sessions/session-record.js';
import type { TokenStore } from '../sessions/token-store.js';
import { MemoryTokenStore } from '../stores/memory/memory.store.js';
import { describeSessionModel } from './session-model.suite.js';

const LIMIT_MS = 10;

/** Stands for a network: while it stalls, calls wait in it, and their callers are told after a while that they failed. */
class Network {
  #stall: Promise<void> | undefined;

  /** @param isDropped what waited longer than its caller did is not carried out */
  constructor(private readonly isDropped: boolean) {}

  async stall(): Promise<() => Promise<void>> {
    let resolve = (): void => undefined;
    const promise = new Promise<void>((done) => {
      resolve = done;
    });
    this.#stall = promise;
    return async () => {
      this.#stall = undefined;
      resolve();
      await sleep(1);
    };
  }

  async call<T>(work: () => T | Promise<T>): Promise<T> {
    const stall = this.#stall;
    if (stall === undefined) return work();
    if (!this.isDropped) void stall.then(work);
    await sleep(LIMIT_MS);
    throw new StoreUnavailableError();
  }
}

/** Memory behind such a network. */
class DistantStore extends MemoryTokenStore {
  constructor(private readonly network: Network) {
    super();
  }

  override insert(record: SessionRecord, pair: TokenPair, limit: number) {
    return this.network.call(() => super.insert(record, pair, limit));
  }

  override rotate(record: SessionRecord, pair: TokenPair) {
    return this.network.call(() => super.rotate(record, pair));
  }

  override revoke(key: SessionRecord, revokedAt: number) {
    return this.network.call(() => super.revoke(key, revokedAt));
  }
}

/** Runs the suite with a runner of its own, and answers why it failed. */
async function failureOf(network: Network, store: TokenStore): Promise<string | undefined> {
  let test: (() => Promise<void>) | undefined;
  describeSessionModel('store', {
    setUp: async () => ({ open: async () => store }),
    stall: () => network.stall(),
    runs: 25,
    seed: 3,
    runner: { describe: (_, define) => define(), it: (_, run) => (test = run) },
  });
  return test?.().then(
    () => undefined,
    (error: Error) => error.message,
  );
}

describe('describeSessionModel', () => {
  it('passes a store that does not carry out what its callers were told had failed', async () => {
    const network = new Network(true);
    expect(await failureOf(network, new DistantStore(network))).toBeUndefined();
  });

  it('fails a store that carries it out later, and shows how', async () => {
    const network = new Network(false);
    expect(await failureOf(network, new DistantStore(network))).toMatch(/stall\((?:refresh|issue|revoke)/);
  });
});

import { describe, expect, it } from '@jest/globals';
import type { SessionKey, SessionRecord, TokenPair } from '../sessions/session-record.js';
import type { TokenStore } from '../sessions/token-store.js';
import { MemoryTokenStore } from '../stores/memory/memory.store.js';
import { describeTokenStoreContract } from './token-store.contract.js';

/** Runs the suite with a runner of its own, as node:test or Vitest would, and answers what failed. */
async function failuresOf(open: () => TokenStore): Promise<string[]> {
  return (await errorsOf(open)).map(({ name }) => name);
}

async function errorsOf(open: () => TokenStore): Promise<{ name: string; error: Error }[]> {
  const tests: { name: string; test: () => Promise<void> }[] = [];
  describeTokenStoreContract('store', {
    open: async () => open(),
    runner: { describe: (_, define) => define(), it: (name, test) => tests.push({ name, test }) },
  });
  const failures: { name: string; error: Error }[] = [];
  for (const { name, test } of tests) await test().catch((error: Error) => failures.push({ name, error }));
  return failures;
}

describe('describeTokenStoreContract', () => {
  it('passes a store that holds the contract', async () => {
    expect(await failuresOf(() => new MemoryTokenStore())).toEqual([]);
  });

  it.each<[string, new () => TokenStore]>([
    [
      'checks before it acts',
      class extends MemoryTokenStore {
        override async rotate(record: SessionRecord, pair: TokenPair): Promise<boolean> {
          const stored = this.find(record);
          if (stored?.refreshHash !== record.previousRefreshHash) return false;
          await Promise.resolve();
          await super.insert(record, pair, Infinity);
          return true;
        }
      },
    ],
    [
      'finds by family alone',
      class extends MemoryTokenStore {
        readonly #byFamily = new Map<string | undefined, SessionRecord>();
        override insert(record: SessionRecord, pair: TokenPair, limit: number) {
          this.#byFamily.set(record.familyId, record);
          return super.insert(record, pair, limit);
        }
        override find(key: SessionKey) {
          const owner = this.#byFamily.get(key.familyId)?.clientId ?? key.clientId;
          return super.find({ ...key, clientId: owner });
        }
      },
    ],
    [
      'forgets to revoke',
      class extends MemoryTokenStore {
        override async revoke(): Promise<boolean> {
          return true;
        }
      },
    ],
    [
      'ignores the limit',
      class extends MemoryTokenStore {
        override insert(record: SessionRecord, pair: TokenPair) {
          return super.insert(record, pair, Infinity);
        }
      },
    ],
    [
      'sweeps what lives',
      class extends MemoryTokenStore {
        override sweep(now: number, limit: number) {
          return super.sweep(now + 60, limit);
        }
      },
    ],
    [
      'ignores the filter',
      class extends MemoryTokenStore {
        override revokeClient(clientId: string, revokedAt: number) {
          return super.revokeClient(clientId, revokedAt);
        }
      },
    ],
    [
      'drops a field',
      class extends MemoryTokenStore {
        override insert(record: SessionRecord, pair: TokenPair, limit: number) {
          return super.insert({ ...record, label: undefined }, pair, limit);
        }
      },
    ],
  ])('fails a store that %s', async (_, Broken) => {
    expect(await failuresOf(() => new Broken())).not.toEqual([]);
  });

  const messageOfModel = async (open: () => TokenStore): Promise<string | undefined> => {
    const failures = await errorsOf(open);
    return failures.find(({ name }) => name.includes('plain map'))?.error.message;
  };

  it('names the call whose answer differs from the model, with its arguments and no token', async () => {
    class Forgetful extends MemoryTokenStore {
      override async revokeClient(): Promise<readonly string[]> {
        return ['made up'];
      }
    }
    expect(await messageOfModel(() => new Forgetful())).toMatch(
      /^The store left the model at step \d+ with seed 1: revokeClient\('(?:a|ab|__proto__)', \d+, \{ exceptFamilyId: .+, issuedBefore: .+ \}\)\.$/,
    );
    class Overfull extends MemoryTokenStore {
      override async insert(record: SessionRecord, pair: TokenPair): Promise<readonly SessionRecord[]> {
        await super.insert(record, pair, Infinity);
        return [];
      }
    }
    const message = await messageOfModel(() => new Overfull());
    expect(message).toMatch(/: insert\(\{ .*clientId: '.+'.* \}, \(tokens\), [123]\)\.$/);
    expect(message).not.toContain('.unsigned');
  });

  it('names the change before the look that shows it is missing', async () => {
    class Silent extends MemoryTokenStore {
      override async revoke(key: SessionKey): Promise<boolean> {
        const stored = this.find(key);
        return stored !== undefined && stored.revokedAt === undefined;
      }
    }
    expect(await messageOfModel(() => new Silent())).toMatch(
      /: list\('.+'\) after revoke\(\{ .+ \}, \d+\)\.$/,
    );
  });
});

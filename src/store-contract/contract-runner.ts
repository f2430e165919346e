import type { TokenStore } from '../sessions/token-store.js';

/** The two functions that Jest, Vitest, Mocha and node:test have in common. */
export interface ContractRunner {
  readonly describe: (name: string, define: () => void) => unknown;
  readonly it: (name: string, test: () => Promise<void>) => unknown;
}

/** Defines the test of one rule, with a store of its own. */
export type Rule = (text: string, test: (store: TokenStore) => Promise<unknown>) => void;

/** @throws TypeError where the test runner has no globals */
export function globalRunner(): ContractRunner {
  const { describe, it } = globalThis as Partial<ContractRunner>;
  if (!describe || !it) {
    throw new TypeError('There are no global describe and it; pass them as `runner: { describe, it }`.');
  }
  return { describe, it };
}

import { describe, expect, it } from '@jest/globals';
import { ConfigError } from '../errors.js';
import type { FastauthOptions } from './fastauth-options.js';
import { loadFastauthConfig } from './load-config.js';

const KEY = 'k'.repeat(40);
const TOKEN = 'a-master-token-of-this-test';

function faultsIn(environment: string, options: FastauthOptions): readonly string[] {
  try {
    loadFastauthConfig({ envFile: false, ...options }, { env: { NODE_ENV: environment }, cwd: '/nowhere' });
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
}

describe('secrets that anybody would guess', () => {
  it.each<[FastauthOptions, RegExp]>([
    [{ cryptographyKey: 'secret', masterToken: TOKEN }, /^cryptographyKey is .*; set by "cryptographyKey" /],
    [{ cryptographyKey: 'My-Secret-Key-123', masterToken: TOKEN }, /^cryptographyKey is a text /],
    [{ cryptographyKey: 'zq3!x', masterToken: TOKEN }, /^cryptographyKey is a text that anybody would guess/],
    [{ cryptographyKey: KEY, masterToken: 'zq3!x' }, /^masterToken is a text that anybody would guess/],
    [{ cryptographyKey: KEY, masterTokens: [{ name: 'ops', token: 'zq3!x' }] }, /^masterTokens "ops" is /],
    [
      { cryptographyKeys: [{ kid: 'k1', secret: 'admin' }], masterToken: TOKEN },
      /^cryptographyKeys "k1" is /,
    ],
  ])('are refused in production, and there alone: %j', (options, words) => {
    for (const environment of ['production', ' Production'])
      expect(faultsIn(environment, options)).toEqual([expect.stringMatching(words)]);
    expect(faultsIn('development', options)).toEqual([]);
  });

  it('are not those that are random, short for HS256 as they may be', () => {
    const options = { cryptographyKey: 'hR7zq3Lx0v', masterToken: 'hR7zq3Lx0w' };
    expect(faultsIn('production', options)).toEqual([]);
  });
});

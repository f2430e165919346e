import { describe, expect, it } from '@jest/globals';
import { loadFastauthConfig } from './load-config.js';

const KEYS = { cryptographyKey: 'k'.repeat(40), masterToken: 'a-master-token-of-this-test' };

function warnings(lifetimes: object): readonly string[] {
  return loadFastauthConfig(
    { configFile: undefined, envFile: false, ...KEYS, ...lifetimes },
    { env: {}, cwd: '/nowhere' },
  ).warnings;
}

describe('lifetimes', () => {
  it('that go together are not told of', () => {
    expect(warnings({})).toEqual([]);
    expect(warnings({ accessTokenExpiresIn: 60, refreshTokenExpiresIn: 60, familyMaxAge: 60 })).toEqual([]);
  });

  it.each([
    [
      { familyMaxAge: 60 },
      /^familyMaxAge \(60\) is shorter than .* set by "familyMaxAge" \(forRoot options\)$/,
    ],
    [
      { refreshTokenExpiresIn: 60, accessTokenExpiresIn: 61 },
      /^refreshTokenExpiresIn \(60\) is shorter than accessTokenExpiresIn \(61\).* set by .*refreshTokenExpiresIn/,
    ],
  ])('that contradict each other are told of: %j', (lifetimes, words) => {
    expect(warnings(lifetimes)).toEqual([expect.stringMatching(words)]);
  });
});

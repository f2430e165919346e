import { describe, expect, it } from '@jest/globals';
import { ConfigError } from '../errors.js';
import type { FastauthOptions } from './fastauth-options.js';
import { loadFastauthConfig } from './load-config.js';

const load = (options: object) =>
  loadFastauthConfig({ configFile: false, envFile: false, ...options } as FastauthOptions, {
    env: {},
    cwd: '/',
  });

function faultsOf(options: object): readonly string[] {
  try {
    load(options);
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
  return [];
}

describe('path rules of the configuration', () => {
  it('reads path rules with methods and scopes, and says what is wrong in one', () => {
    const given = ['a', { path: 'b', methods: ['GET'], scopes: ['x:y'] }];
    expect(load({ accessTokenPaths: given }).config.accessTokenPaths).toEqual([
      '/a',
      { path: '/b', methods: ['GET'], scopes: ['x:y'] },
    ]);
    const bad = [
      { paths: '/x' },
      { path: '/a?b' },
      { path: '/x', methods: ['get', 'FETCH'] },
      { path: '/x', methods: 'GET' },
      { path: '/x', scopes: ['a b'] },
      { path: '/x', methods: [] },
      null,
    ];
    const faults = faultsOf({ accessTokenPaths: bad, masterTokenPaths: [{ path: '/m', scopes: ['a'] }] });
    expect(faults.map((fault) => fault.replace(/^[^"]+/, ''))).toEqual([
      expect.stringMatching(/^"masterTokenPaths"\[0\] has "scopes", which is not a name there/),
      expect.stringMatching(/^"accessTokenPaths"\[0\]\["path"\] is undefined; expected/),
      expect.stringMatching(/^"accessTokenPaths"\[0\] has "paths", which is not a name there/),
      expect.stringMatching(/^"accessTokenPaths"\[1\]\["path"\] a rule is compared with the path only/),
      expect.stringMatching(/\[2\]\["methods"\]\[0\] is not an HTTP method/),
      expect.stringMatching(/\[2\]\["methods"\]\[1\] is not an HTTP method/),
      expect.stringMatching(/\[3\]\["methods"\] is "GET"; expected/),
      expect.stringMatching(/\[4\]\["scopes"\]\[0\] cannot be a scope: it must be printable ASCII/),
      expect.stringMatching(/\[5\]\["methods"\] names no method; leave it out for all/),
      expect.stringMatching(/\[6\] is null; expected/),
    ]);
  });
});

import { describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { ConfigError } from '../errors.js';
import { redactedConfig } from './fastauth-config.service.js';
import type { FastauthOptions } from './fastauth-options.js';
import { loadFastauthConfig, type LoadedConfig } from './load-config.js';
import { masterTokenHash } from './master-token-entries.js';

const TOKEN = 'a master token of the tests, long enough';
const OTHER = 'another master token of the tests';
const SAMPLE = 'kAONxbkATfyk3kmnUhw7YyAMotmvuJ6tVsuT1w3A6N4=';
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

function load(options: object, env: NodeJS.ProcessEnv = {}): LoadedConfig {
  return loadFastauthConfig(
    { configFile: false, envFile: false, ...(options as FastauthOptions) },
    { env, cwd: '.' },
  );
}
function faults(options: object, env: NodeJS.ProcessEnv = {}): readonly string[] {
  try {
    load(options, env);
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
  return [];
}

describe('master-tokens', () => {
  it('keeps every token as its hash, the single one among them', () => {
    const { config } = load({
      masterToken: TOKEN,
      'master-tokens': [
        { name: 'ops', token: OTHER, 'expires-at': '2030-01-01' },
        { name: 'ci', hash: masterTokenHash('third'), expires_at: 2_000_000_000 },
        {
          name: 'old',
          hash: masterTokenHash('fourth').toUpperCase().replace('SHA', 'sha'),
          expiresAt: '2030-01-01T01:00:00+01:00',
        },
      ],
    });
    expect(config.masterTokens).toEqual([
      { name: 'master-token', hash: sha256(TOKEN), expiresAt: undefined },
      { name: 'ops', hash: sha256(OTHER), expiresAt: Date.UTC(2030, 0, 1) / 1000 },
      { name: 'ci', hash: sha256('third'), expiresAt: 2_000_000_000 },
      { name: 'old', hash: sha256('fourth'), expiresAt: Date.UTC(2030, 0, 1) / 1000 },
    ]);
    expect(Object.isFrozen(config.masterTokens) && config.masterTokens.every(Object.isFrozen)).toBe(true);
    expect(JSON.stringify(redactedConfig(config))).not.toContain(sha256(OTHER));
  });

  it('tells every fault of an entry at once', () => {
    expect(faults({ masterTokens: [{ name: 5 }, {}, 'token'] })).toEqual([
      'forRoot options: "masterTokens"[0]["name"] is missing or no text',
      'forRoot options: "masterTokens"[0] needs one of "token" and "hash"',
      'forRoot options: "masterTokens"[1]["name"] is missing or no text',
      'forRoot options: "masterTokens"[1] needs one of "token" and "hash"',
      expect.stringMatching(/"masterTokens"\[2\] is a text of 5 characters; expected /),
    ]);
  });

  it('takes the single one hashed, too', () => {
    expect(load({}, { MASTER_TOKEN: masterTokenHash(TOKEN) }).config.masterTokens).toEqual([
      { name: 'master-token', hash: sha256(TOKEN), expiresAt: undefined },
    ]);
  });

  it('reads MASTER_TOKENS as JSON, and does not quote what is none', () => {
    const given = [{ name: 'ops', hash: masterTokenHash(TOKEN) }];
    expect(load({}, { MASTER_TOKENS: JSON.stringify(given) }).config.masterTokens).toHaveLength(1);
    expect(faults({}, { MASTER_TOKENS: `[{"name":"ops","token":"${TOKEN}"` })).toEqual([
      'process environment: MASTER_TOKENS is not JSON',
    ]);
  });

  it.each([
    ['no list', TOKEN, /"masterTokens" is a text of \d+ characters; expected a list of objects/],
    ['no object', [5], /\[0\] is a number; expected/],
    ['no name', [{ token: TOKEN }], /\[0\]\["name"\] is missing or no text/],
    ['an odd name', [{ name: 'a b', token: TOKEN }], /\["name"\] is no name/],
    ['neither', [{ name: 'a' }], /\[0\] needs one of "token" and "hash"/],
    ['both', [{ name: 'a', token: TOKEN, hash: masterTokenHash(OTHER) }], /needs one of "token" and "hash"/],
    [
      'an unknown name',
      [{ name: 'a', token: TOKEN, expires: 5 }],
      /\[0\] has "expires", which is not a name there/,
    ],
    ['a placeholder', [{ name: 'a', token: '<your-token>' }], /\["token"\] is still the placeholder/],
    ['white space', [{ name: 'a', token: '  ' }], /\["token"\] is white space only/],
    ['nothing', [{ name: 'a', token: '' }], /\["token"\] is empty/],
    ['the hash of nothing', [{ name: 'a', hash: masterTokenHash('') }], /\["hash"\] is the hash of nothing/],
    ['the hash of the sample', [{ name: 'a', hash: masterTokenHash(SAMPLE) }], /sample key/],
    ['half a hash', [{ name: 'a', hash: 'sha256:abc' }], /\["hash"\] is no hash of a master token/],
    ['another hash', [{ name: 'a', hash: 'md5:abc' }], /\["hash"\] is no hash of a master token/],
    ['no time', [{ name: 'a', token: TOKEN, expiresAt: 'tomorrow' }], /\["expiresAt"\] is no time/],
    ['a time without zone', [{ name: 'a', token: TOKEN, expiresAt: '2030-01-01T00:00' }], /is no time/],
    ['a day that is none', [{ name: 'a', token: TOKEN, expiresAt: '2030-13-01' }], /is no time/],
    [
      'a name twice',
      [
        { name: 'a', token: TOKEN },
        { name: 'a', token: OTHER },
      ],
      /two tokens named "a"/,
    ],
    [
      'a token twice',
      [
        { name: 'a', token: TOKEN },
        { name: 'b', hash: masterTokenHash(TOKEN) },
      ],
      /"a" and "b" are the same token/,
    ],
  ])('refuses %s, and tells no value', (_what, masterTokens, reason) => {
    const [fault, ...more] = faults({ masterTokens });
    expect(fault).toMatch(reason);
    expect(more).toEqual([]);
    expect(fault).not.toContain(TOKEN);
    expect(fault).not.toContain(sha256(TOKEN));
  });

  it('refuses a token that is the cryptography key, hashed or not', () => {
    const key = 'k'.repeat(40);
    for (const token of [{ token: key }, { hash: masterTokenHash(key) }]) {
      expect(faults({ cryptographyKey: key, masterTokens: [{ name: 'a', ...token }] })).toEqual([
        expect.stringMatching(/"a" and cryptographyKey are the same text/),
      ]);
    }
    expect(faults({ cryptographyKey: key, masterToken: masterTokenHash(key) })).toHaveLength(1);
  });

  it('names the settings of the two that are one, and no others', () => {
    const found = faults({
      cryptographyKey: 'k'.repeat(40),
      masterToken: TOKEN,
      masterTokens: [{ name: 'a', token: TOKEN }],
    });
    expect(found).toEqual([
      'masterToken and masterTokens "a" are the same token; leave one out; set by "masterToken" (forRoot options) and "masterTokens" (forRoot options)',
    ]);
  });

  it('warns of tokens that can be guessed, by name', () => {
    const { warnings } = load({
      cryptographyKey: 'k'.repeat(40),
      masterTokens: [
        { name: 'ops', token: 'short' },
        { name: 'ci', token: TOKEN },
      ],
    });
    expect(warnings).toEqual([expect.stringMatching(/^masterTokens "ops" is shorter than 16 characters/)]);
  });
});

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ConfigFolder } from '../../test/support/config-folder.js';
import type { FastauthOptions } from './fastauth-options.js';
import { kebabCase, snakeCase } from './name-case.js';

/** Faults of every kind that tell a name of several words, spelt as options are. */
const FAULTY = {
  publicPath: ['/docs'],
  accessTokenProfile: 'at+jwt',
  audience: 'a',
  refreshTokenCookie: '__Secure-refresh',
  familyMaxAge: 'long',
  clients: [
    { clientId: 'wrong', secretHashes: ['md5:abc'] },
    { clientId: 'secretless' },
    { clientId: 'keyless', method: 'private_key_jwt' },
    { clientId: 'misspelt', secretHashs: [] },
    { secretHashes: [5] },
  ],
  cryptographyKeys: [{ kid: 'none' }, { pemFile: '/a', signingFrom: 'soon', algorithm: 'EdDSA' }],
  masterTokens: [{ name: 'ops', hash: `sha256:${'0'.repeat(64)}`, expiresAt: 'soon' }],
};
const TOLD = [
  /"publicPath" is not a key of the configuration; did you mean "publicPaths"\?/,
  /"masterTokens"\[0\]\["expiresAt"\] is no time/,
  /"cryptographyKeys"\[0\] needs one of "secret", "jwk", "pem" and "pemFile"$/,
  /"cryptographyKeys"\[1\]\["signingFrom"\] is no time/,
  /"clients"\[0\]\["secretHashes"\]\[0\] is no hash of a client secret/,
  /"clients"\[1\] needs one secret in "secretHashes", or two/,
  /"clients"\[2\] needs "publicKeys" or "publicKeysFile"$/,
  /"clients"\[3\] has "secretHashs", which is not a name there/,
  /"clients"\[3\] needs one secret in "secretHashes", or two/,
  /"clients"\[4\]\["clientId"\] is missing or no text$/,
  /"clients"\[4\]\["secretHashes"\]\[0\] is missing or no text$/,
  /"familyMaxAge" is "long"; expected a whole number/,
  /^accessTokenProfile "at\+jwt" needs issuer, .*; set by "accessTokenProfile"/,
  /^refreshTokenCookie needs accessTokenCookie, .*; set by "refreshTokenCookie"/,
];
/** What is found out once all have the right form. */
const UNREADABLE = {
  clients: [{ clientId: 'a', publicKeysFile: '/none' }],
  cryptographyKeys: [{ pemFile: '/none', algorithm: 'EdDSA' }],
};
const UNREADABLE_TOLD = [
  /^cryptographyKeys\[0\]: "pemFile" is not there; set by "cryptographyKeys"/,
  /^clients "a": "publicKeysFile" "\/none" is not there; set by "clients"/,
];

function spelt<T>(value: T, spell: (name: string) => string): T {
  if (Array.isArray(value)) return value.map((item) => spelt(item, spell)) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, of]) => [spell(name), spelt(of, spell)])) as T;
}

describe('faults of the configuration name what was written', () => {
  let folder: ConfigFolder;
  beforeEach(() => void (folder = new ConfigFolder()));
  afterEach(() => folder.remove());

  const inFile = (values: object): readonly string[] => {
    folder.file(values as never);
    return folder.faults();
  };

  /** The same expectation of another spelling. */
  const inCase = (told: readonly RegExp[], spell: (name: string) => string) =>
    told.map(({ source }) => {
      const text = source.replaceAll(/[a-z]+(?:[A-Z][a-z]+)+/g, spell);
      return expect.stringMatching(new RegExp(text)) as unknown;
    });

  it.each([
    ['wrong ones', FAULTY, TOLD],
    ['files that are not there', UNREADABLE, UNREADABLE_TOLD],
  ])('of %s: in options, and in each spelling of the file', (_, faulty, told) => {
    expect(folder.faults(faulty)).toEqual(inCase(told, (name) => name));
    for (const spell of [kebabCase, (name: string) => name])
      expect(inFile(spelt(faulty, spell))).toEqual(inCase(told, spell));
  });

  it('in snake_case where the file has that', () => {
    expect(inFile(spelt(UNREADABLE, snakeCase))).toEqual([
      expect.stringMatching(/^cryptography_keys\[0\]: "pem_file" is not there; set by "cryptography_keys"/),
      expect.stringMatching(/^clients "a": /),
    ]);
    expect(inFile({ access_token_cookie: 'plain', cryptography_keys: [{}] })).toEqual([
      expect.stringMatching(/"cryptography_keys"\[0\] needs one of "secret", "jwk", "pem" and "pem_file"/),
      expect.stringMatching(/"access_token_cookie" does not begin with "__Host-"/),
    ]);
  });

  it('suggests a key as the misspelt one is spelt', () => {
    expect(folder.faults({ acessTokenPaths: [] } as FastauthOptions)).toEqual([
      expect.stringContaining('did you mean "accessTokenPaths"?'),
    ]);
    expect(inFile({ acess_token_paths: [] })).toEqual([
      expect.stringContaining('did you mean "access_token_paths"?'),
    ]);
    expect(inFile({ enforcment: 'observe' })).toEqual([expect.stringContaining('mean "enforcement"?')]);
  });

  it('spells what is missing as its source does, where no name tells', () => {
    const enforcement = 'observe';
    expect(folder.faults({ enforcement })).toEqual([expect.stringContaining('needs observeUntil, ')]);
    expect(inFile({ enforcement })).toEqual([expect.stringContaining('needs observe-until, ')]);
  });
});

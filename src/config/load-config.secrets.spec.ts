import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { inspect } from 'node:util';
import * as fc from 'fast-check';
import { ConfigFolder } from '../../test/support/config-folder.js';
import { FastauthConfigService } from './fastauth-config.service.js';

const NEST_SAMPLE =
  'DO NOT USE THIS VALUE. INSTEAD, CREATE A COMPLEX SECRET AND KEEP IT SAFE OUTSIDE OF THE SOURCE CODE.';
const KEY = 'k'.repeat(40);
const OTHER_KEY = 'o'.repeat(40);
const TOKEN = 'm'.repeat(40);

describe('secrets of the configuration', () => {
  let folder: ConfigFolder;
  beforeEach(() => void (folder = new ConfigFolder()));
  afterEach(() => folder.remove());

  it('says which source of a secret won, and not the secret', () => {
    folder.file({ 'cryptography-key': KEY, 'master-token': TOKEN });
    const { warnings } = folder.load({}, { CRYPTOGRAPHY_KEY: OTHER_KEY, MASTER_TOKEN: TOKEN });
    expect(warnings).toEqual([
      'cryptography-key: the value of fastauth.config.json is used; process environment has another one',
    ]);
  });

  it.each([
    ['a PEM public key', '-----BEGIN PUBLIC KEY-----\nMFk\n-----END PUBLIC KEY-----', /PEM/],
    ['a JWK', '{"kty":"oct","k":"AAAA"}', /JWK/],
    ['a placeholder', '<your-32-byte-cryptography-key>', /placeholder/],
    ['the published sample', 'kAONxbkATfyk3kmnUhw7YyAMotmvuJ6tVsuT1w3A6N4=', /published/],
    ['the sample of jwt.io', 'a-string-secret-at-least-256-bits-long', /published in jwt\.io/],
    ['the sample of NestJS', NEST_SAMPLE, /published in NestJS' documentation/],
    ['white space', ' \t ', /white space/],
  ])('refuses %s as cryptography key', (_name, cryptographyKey, reason) => {
    const [fault] = folder.faults({ cryptographyKey });
    expect(fault).toMatch(reason);
    expect(fault).not.toContain(cryptographyKey);
  });

  it('says of whose secret a hash is none', () => {
    const clients = [{ clientId: 'reader', secretHashes: ['md5:abc'] }];
    const [fault] = folder.faults({ clients });
    expect(fault).toMatch(/\["secretHashes"\]\[0\] is no hash of a client secret \("sha256:"/);
  });

  it.each(['secrets', 'secretHashes', 'publicKeys'])('says that %s is no list', (name) => {
    folder.file({ clients: [{ clientId: 'reader', [name]: 5 }] });
    expect(folder.faults()[0]).toContain(`clients"[0]["${name}"] is a number; expected a list of objects`);
  });

  it.each([
    '<your-master-token>',
    'a\nb',
    ' padded',
    'padded ',
    'schlüssel',
    'kAONxbkATfyk3kmnUhw7YyAMotmvuJ6tVsuT1w3A6N4=',
  ])('refuses %j as master token', (masterToken) => {
    const [fault] = folder.faults({ masterToken });
    expect(fault).toMatch(/^forRoot options: "masterToken" /);
    expect(fault).not.toContain(masterToken);
  });

  it.each([
    ['accessTokenPaths', '/admin/:id?', /optional parameters are not for rules/],
    ['accessTokenPaths', '/admin/(.*)', /looks like a regular expression/],
    ['accessTokenPaths', '/admin?x', /leave out the query/],
    ['trustedProxies', '0.0.0.0/0', /trusts every address/],
    ['trustedProxies', '10.0.0.0/33', /no IP address and no CIDR block/],
  ] as const)('says what is wrong with %s: %j', (setting, text, reason) => {
    expect(folder.faults({ [setting]: [text] })).toEqual([expect.stringMatching(reason)]);
  });

  it.each([
    'changeme',
    'change-me',
    'Change_Me_Please!',
    'secret',
    'master',
    'password',
    'Password123',
    'token',
    'my-super-secret-master-token',
    'your-master-token',
    'xxxxxxxxxxxxxxxx',
    '1234567890',
    'admin',
    'test',
  ])('refuses the placeholder %j as a master token', (text) => {
    expect(folder.faults({ masterToken: text })).toEqual([
      'forRoot options: "masterToken" is a placeholder that anybody would guess; make one with "npx fastauth keys generate --print"',
    ]);
    expect(folder.faults({ masterTokens: [{ name: 'ops', token: text }] })).toHaveLength(1);
    expect(folder.faults({}, { MASTER_TOKEN: text })).toHaveLength(1);
  });

  it.each(['short too', 'tr0ub4dor', 'changed-meals', 'mastertokens', '8 secret words', 'key-of-the-lab'])(
    'starts with %j, which is short but chosen',
    (masterToken) => {
      expect(folder.load({ masterToken }).warnings).toContainEqual(
        expect.stringContaining('masterToken is shorter than 16 characters'),
      );
    },
  );

  it.each([
    [{ appName: '<your-app-name>' }, '"appName"'],
    [{ keySetFile: '<your-key-set-file>' }, '"keySetFile"'],
    [{ databaseUrl: 'lmdb:<your-folder>' }, '"databaseUrl"'],
    [{ audience: ['<your-audience>'] }, '"audience"[0]'],
    [{ accessTokenPaths: ['/<your-path>'] }, '"accessTokenPaths"[0]'],
  ])('refuses the placeholder in %j', (options, place) => {
    expect(folder.faults(options)).toEqual([`forRoot options: ${place} is still a placeholder`]);
  });

  it('refuses one text as both secrets', () => {
    expect(folder.faults({ masterToken: KEY, cryptographyKey: KEY })).toEqual([
      expect.stringMatching(/the same text.*Change the master token, since a new key would end every token/),
    ]);
  });

  it('warns of short secrets', () => {
    const { warnings } = folder.load({ cryptographyKey: 'short', masterToken: 'short too' });
    expect(warnings).toEqual([
      expect.stringContaining('masterToken is shorter than 16 characters'),
      expect.stringContaining('cryptographyKey is shorter than 32 bytes'),
    ]);
  });

  it('never tells a secret, whatever is wrong with it', () => {
    const hostile = fc.oneof(
      fc.string({ minLength: 8 }),
      fc.array(fc.string({ minLength: 8 }), { minLength: 1 }),
    );
    const secret = fc.constantFrom(
      'masterToken',
      'cryptographyKey',
      'headers',
      'databaseUrl',
      'databaseApiUrl',
    );
    fc.assert(
      fc.property(secret, hostile, (key, value) => {
        const texts = [value].flat();
        const told = folder.faults({ [key]: value }).join('\n');
        // The sentences' own words may contain a short random text; eight characters of it are no accident.
        expect(texts.filter((text) => told.includes(text.trim()) && text.trim().length >= 8)).toEqual([]);
      }),
    );
  });

  it('gives a service that redacts when it is shown', () => {
    const { config } = folder.load({
      masterToken: TOKEN,
      cryptographyKey: KEY,
      headers: { 'x-api-key': 'header-secret' },
      databaseUrl: 'https://somebody:pass@db/',
    });
    const service = new FastauthConfigService(config);
    expect(service.get('masterToken')).toBe(TOKEN);
    expect(service.has('cryptographyKey')).toBe(true);
    const shown = JSON.stringify(service) + inspect(service) + inspect({ service }, { depth: 9 });
    for (const secret of [TOKEN, KEY, 'header-secret', 'somebody', 'pass@'])
      expect(shown).not.toContain(secret);
    expect(shown).toContain('x-api-key');
  });
});

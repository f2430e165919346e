import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import * as fc from 'fast-check';
import { ConfigError } from '../errors.js';
import { originOf } from './fastauth-config.js';
import { FastauthConfigService } from './fastauth-config.service.js';
import type { FastauthOptions } from './fastauth-options.js';
import { loadFastauthConfig, type LoadedConfig } from './load-config.js';

const NEST_SAMPLE =
  'DO NOT USE THIS VALUE. INSTEAD, CREATE A COMPLEX SECRET AND KEEP IT SAFE OUTSIDE OF THE SOURCE CODE.';
const KEY = 'k'.repeat(40);
const OTHER_KEY = 'o'.repeat(40);
const TOKEN = 'm'.repeat(40);

describe('loadFastauthConfig', () => {
  let cwd: string;
  beforeEach(() => void (cwd = mkdtempSync(join(tmpdir(), 'fastauth-config-'))));
  afterEach(() => rmSync(cwd, { recursive: true }));

  function file(content: unknown, name = 'fastauth.config.json'): void {
    writeFileSync(join(cwd, name), typeof content === 'string' ? content : JSON.stringify(content));
  }
  function load(options: FastauthOptions = {}, env: NodeJS.ProcessEnv = {}): LoadedConfig {
    return loadFastauthConfig(options, { env, cwd });
  }
  function faults(options: object = {}, env: NodeJS.ProcessEnv = {}): readonly string[] {
    try {
      load(options as FastauthOptions, env);
    } catch (error) {
      if (error instanceof ConfigError) return error.faults;
      throw error;
    }
    return [];
  }

  it('has defaults for everything but the secrets, and is frozen', () => {
    const { config, warnings } = load();
    expect(config).toEqual({
      appName: 'fastauth',
      databaseUrl: 'lmdb:.fastauth',
      masterToken: undefined,
      masterTokens: [],
      cryptographyKey: undefined,
      tokenAlgorithm: 'HS256',
      tokenFormat: 'jwt',
      acceptedTokenFormats: [],
      accessTokenProfile: 'default',
      audience: [],
      cryptographyKeys: [],
      keySetFile: undefined,
      issuer: undefined,
      headers: {},
      masterTokenPaths: [],
      publicPaths: [],
      accessTokenPaths: [],
      defaultAccess: 'public',
      authPrefix: '/auth',
      publicTokenIssuance: false,
      introspectionAccess: 'master',
      accessTokenExpiresIn: 2592000,
      refreshTokenExpiresIn: 31536000,
      refreshGrace: 10,
      familyMaxAge: 94608000,
      sessionsPerClient: 1,
      clockTolerance: 5,
      storeTimeout: 1,
      verifiedTokenCacheSize: 10000,
      trackedCacheSize: 10000,
      websocketRefusal: 'close',
      websocketQueryToken: false,
      websocketOrigins: [],
      websocketReauthenticationGrace: 0.4,
      websocketFollows: 'token',
      websocketHeartbeat: 30,
      shutdownTimeout: 5,
      failedAttemptsPerAddress: 1000,
      failedAttemptsPerClient: 100,
      failedAttemptsStore: 'memory:',
      trustedProxies: [],
      auditLog: 'warnings',
    });
    expect(warnings).toEqual([
      expect.stringContaining('cryptography-key is not set: no token can be issued'),
      'master-token is not set: every route that needs it is closed',
    ]);
    expect(Object.isFrozen(config) && Object.isFrozen(config.headers)).toBe(true);
    expect(Object.isFrozen(config.masterTokenPaths)).toBe(true);
  });

  it.each([
    [{ databaseUrl: 'redis://h' }, 1],
    [{ databaseUrl: 'https://h/data' }, 5],
    [{ databaseUrl: 'HTTP://h/data' }, 5],
    [{ databaseApiUrl: 'http://h/data' }, 5],
    [{ databaseApiUrl: 'http://h/data', storeTimeout: 0.5 }, 0.5],
  ])('gives calls to the store of %j %d s', (options, seconds) => {
    expect(load(options).config.storeTimeout).toBe(seconds);
  });

  it('reads origins as browsers spell them', () => {
    file({ 'websocket-origins': ['HTTPS://App.example.com:443/', 'http://localhost:3000'] });
    expect(load().config.websocketOrigins).toEqual(['https://app.example.com', 'http://localhost:3000']);
  });

  it.each([
    ['app.example.com', 'is no origin'],
    ['*', 'is no origin'],
    ['https://app.example.com/chat', 'is more than an origin; write "https://app.example.com"'],
  ])('refuses the origin %s', (origin, fault) => {
    file({ 'websocket-origins': [origin] });
    expect(load).toThrow(fault);
  });

  it.each(['master-token-paths', 'master_token_paths', 'masterTokenPaths'])('reads %s', (spelling) => {
    file({ [spelling]: ['admin', '/root'] });
    expect(load().config.masterTokenPaths).toEqual(['/admin', '/root']);
  });

  it.each([
    'database-api-url',
    'database_api_url',
    'databaseApiUrl',
    'database-api-path',
    'database_api_path',
  ])('reads %s and cuts trailing slashes', (spelling) => {
    file({ [spelling]: 'http://127.0.0.1:8000/mydb/data//' });
    expect(load().config.databaseUrl).toBe('http://127.0.0.1:8000/mydb/data');
  });

  it('takes a key spelt twice with one value, and refuses two values', () => {
    file({ 'app-name': 'a', app_name: 'a' });
    expect(load().config.appName).toBe('a');
    file({ 'app-name': 'a', app_name: 'b' });
    expect(faults()).toEqual([
      'fastauth.config.json: "app-name" and "app_name" are the same key and have different values; leave one out',
    ]);
    file('{"app-name": "a", "app-name": "b"}');
    expect(faults()).toEqual(['fastauth.config.json: has "app-name" twice; leave one out']);
    file('{"app-name": "a", "app-name": "b", "refresh-grace": -1, "master-paths": []}');
    expect(faults()).toEqual([
      'fastauth.config.json: has "app-name" twice; leave one out',
      expect.stringContaining(
        '"master-paths" is no key of the configuration; did you mean "master-token-paths"?',
      ),
      expect.stringContaining('"refresh-grace" is -1'),
    ]);
  });

  it('lets options win over the file, the file over the environment, and that over .env', () => {
    file(
      `MASTER_TOKEN=dotenv-${TOKEN}\nCRYPTOGRAPHY_KEY=dotenv-${KEY}\nFASTAUTH_DATABASE_URL=memory:`,
      '.env',
    );
    expect(load().config).toMatchObject({ masterToken: `dotenv-${TOKEN}`, databaseUrl: 'memory:' });
    const env = { MASTER_TOKEN: `env-${TOKEN}`, CRYPTOGRAPHY_KEY: `env-${KEY}` };
    expect(load({}, env).config.masterToken).toBe(`env-${TOKEN}`);
    file({ 'master-token': `file-${TOKEN}`, 'cryptography-key': '' });
    expect(load({}, env).config).toMatchObject({
      masterToken: `file-${TOKEN}`,
      cryptographyKey: `env-${KEY}`,
    });
    expect(load({ masterToken: `option-${TOKEN}` }, env).config.masterToken).toBe(`option-${TOKEN}`);
    expect(process.env['MASTER_TOKEN']).toBeUndefined();
  });

  it('counts empty text as not set, wherever it stands', () => {
    file(`MASTER_TOKEN=${TOKEN}`, '.env');
    file({ 'master-token': '' });
    expect(load({ masterToken: '' }, { MASTER_TOKEN: '' }).config.masterToken).toBe(TOKEN);
  });

  it('says which source of a secret won, and not the secret', () => {
    file({ 'cryptography-key': KEY, 'master-token': TOKEN });
    const { warnings } = load({}, { CRYPTOGRAPHY_KEY: OTHER_KEY, MASTER_TOKEN: TOKEN });
    expect(warnings).toEqual([
      'cryptography-key: the value of fastauth.config.json is used; process environment has another one',
    ]);
  });

  it("never reads DATABASE_URL, which is the application's own, and says so where it looks like the store's", () => {
    const { config, warnings } = load(
      { cryptographyKey: KEY, masterToken: TOKEN },
      { DATABASE_URL: 'postgres://user:hunter2@db/app' },
    );
    expect(config.databaseUrl).toBe('lmdb:.fastauth');
    expect(warnings).toEqual([expect.stringMatching(/^DATABASE_URL is .* not read.*FASTAUTH_DATABASE_URL/)]);
    expect(warnings.join()).not.toContain('hunter2');
    for (const env of [
      { DATABASE_URL: 'mongodb://db/app' },
      { DATABASE_URL: 'redis://cache', FASTAUTH_DATABASE_URL: 'memory:' },
    ]) {
      expect(load({ cryptographyKey: KEY, masterToken: TOKEN }, env).warnings).toEqual([]);
    }
    expect(load({}, { FASTAUTH_DATABASE_URL: 'redis://cache:6379/1' }).config.databaseUrl).toBe(
      'redis://cache:6379/1',
    );
  });

  it('takes quotes off what has none of its own, and tells of those around a key or a token', () => {
    const { config, warnings } = load(
      {},
      {
        FASTAUTH_DATABASE_URL: '"redis://cache/1"',
        KEY_SET_FILE: "'keys.json'",
        MASTER_TOKENS: `'[{"name":"ops","token":"${TOKEN}"}]'`,
        CRYPTOGRAPHY_KEY: `"${KEY}"`,
        MASTER_TOKEN: `'${OTHER_KEY}'`,
      },
    );
    expect(config).toMatchObject({ databaseUrl: 'redis://cache/1', keySetFile: join(cwd, 'keys.json') });
    expect(config.masterTokens).toHaveLength(2);
    expect([config.cryptographyKey, config.masterToken]).toEqual([`"${KEY}"`, `'${OTHER_KEY}'`]);
    expect(warnings).toEqual([
      expect.stringMatching(/^CRYPTOGRAPHY_KEY \(process environment\) is in quotes/),
      expect.stringMatching(/^MASTER_TOKEN \(process environment\) is in quotes/),
    ]);
    expect(load({}, { FASTAUTH_DATABASE_URL: '""' }).config.databaseUrl).toBe('lmdb:.fastauth');
  });

  it('says of every setting where its value came from', () => {
    file('CRYPTOGRAPHY_KEY=short', '.env');
    file({ 'master-token': 'short too', 'access-token-profile': 'at+jwt', 'token-format': 'opaque' });
    const told = faults({ issuer: 'https://auth.example.com', audience: 'a' });
    expect(told).toEqual([
      expect.stringMatching(/; set by "access-token-profile" \(fastauth\.config\.json\) and "token-format" /),
    ]);
    file({ 'master-token': 'short too' });
    const { config, warnings } = load({}, { FASTAUTH_DATABASE_URL: 'memory:' });
    expect(warnings).toEqual([
      expect.stringMatching(/^cryptography-key is shorter .*; set by "CRYPTOGRAPHY_KEY" \(\.env\)$/),
      expect.stringMatching(/^master-token is shorter .*; set by "master-token" \(fastauth\.config\.json\)$/),
    ]);
    expect(originOf(config, 'databaseUrl')).toBe('"FASTAUTH_DATABASE_URL" (process environment)');
    expect(originOf(config, 'appName')).toBeUndefined();
  });

  it.each([
    ['redis://host/sessions', 'a number'],
    ['rediss://host/1/2', 'a number'],
    ['redis://host?db=sessions', 'a number'],
    ['redis://host/1?lazyConnect=false', 'has the parameter "lazyConnect"'],
    ['redis:///run/redis.sock', 'names no host'],
    ['redis://host:0/1', 'has the port 0'],
    ['redis://host:65536', 'cannot be read as a URL'],
    ['redis://user:pass#word@host/1', 'cannot be read as a URL'],
    ['redis://host/1#x', 'has a "#"'],
    ['postgres://host/db/other', 'has more than the name of a database'],
    ['mysql://host:0/db', 'has the port 0'],
    ['postgres://host/db#x', 'has a "#"'],
  ])('refuses the URL %s before anything connects', (url, reason) => {
    expect(faults({ databaseUrl: url })).toEqual([expect.stringContaining(reason)]);
    if (url.startsWith('redis')) {
      expect(faults({ failedAttemptsStore: url })).toEqual([expect.stringContaining(reason)]);
    }
  });

  it.each([
    'redis://host',
    'redis://host/',
    'redis://u:p@host:6379/15?family=6',
    'postgres://host/db?sslmode=require',
    'postgres:///db',
    'mysql://u@host:3306/db',
  ])('takes the URL %s', (databaseUrl) => expect(faults({ databaseUrl })).toEqual([]));

  it('refuses two names for a store', () => {
    file({ 'database-api-url': 'http://a/' });
    expect(faults({}, { FASTAUTH_DATABASE_URL: 'memory:' })).toEqual([
      '"FASTAUTH_DATABASE_URL" (process environment) and "database-api-url" (fastauth.config.json) both name a store; leave one of them out',
    ]);
  });

  it('reports every fault at once, with place, what was found, what is expected, and the nearest name', () => {
    file({
      'acces-token-paths': ['/access'],
      'master-token-paths': '/master',
      access_token_paths: ['/ok', '', 5, 'a?b'],
      'default-access': 'none',
      refreshGrace: -1,
      'access-token-expires-in': '30d',
      'database-url': 'mongodb://user:secret@h/db',
      headers: { Host: 'x', 'a b': 'c', ok: 5, fine: 'line\nend' },
      nothing_like_it: 1,
    });
    expect(faults()).toEqual([
      'fastauth.config.json: "acces-token-paths" is no key of the configuration; did you mean "access-token-paths"?',
      'fastauth.config.json: "nothing_like_it" is no key of the configuration; the README lists them all',
      expect.stringMatching(
        /^fastauth.config.json: "database-url" has the scheme "mongodb:"; expected one of lmdb:, /,
      ),
      'fastauth.config.json: "headers"["ok"] is a number; expected text in an object of header names and texts',
      expect.stringContaining('"headers"["Host"] is set by the HTTP connection itself'),
      expect.stringContaining('"headers"["a b"] is no header name'),
      expect.stringContaining('"headers"["fine"] has characters that no header can hold'),
      'fastauth.config.json: "master-token-paths" is "/master"; expected a list of paths such as ["/master"]',
      'fastauth.config.json: "access_token_paths"[1] is empty; "/" guards everything',
      'fastauth.config.json: "access_token_paths"[2] is 5; expected text in a list of paths such as ["/access"]',
      expect.stringMatching(/"access_token_paths"\[3\] a rule is compared with the path only/),
      'fastauth.config.json: "default-access" is "none"; expected "public", "access" or "master"',
      'fastauth.config.json: "access-token-expires-in" is "30d"; expected a whole number of seconds, at least 1',
      'fastauth.config.json: "refreshGrace" is -1; expected a whole number of seconds from 0 to 3600',
    ]);
  });

  it.each([
    ['Host', 'x'],
    ['content-length', '1'],
    ['Transfer-Encoding', 'chunked'],
    ['a b', 'c'],
    ['x-a', 'line\r\nend'],
    ['x-b', '<your-key>'],
  ])('refuses the header %s without telling its value', (name, value) => {
    const [fault, ...more] = faults({ headers: { [name]: `${value}` } });
    expect(fault).toContain(`"headers"[${JSON.stringify(name)}]`);
    expect(fault).not.toContain(value.length > 3 ? value : '"c"');
    expect(more).toEqual([]);
  });

  it("ignores the example's ellipsis among the headers", () => {
    file({ headers: { 'custom-header': 'value', '...': '...' } });
    expect(load().config.headers).toEqual({ 'custom-header': 'value' });
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
    const [fault] = faults({ cryptographyKey });
    expect(fault).toMatch(reason);
    expect(fault).not.toContain(cryptographyKey);
  });

  it.each([
    '<your-master-token>',
    'a\nb',
    ' padded',
    'padded ',
    'schlüssel',
    'kAONxbkATfyk3kmnUhw7YyAMotmvuJ6tVsuT1w3A6N4=',
  ])('refuses %j as master token', (masterToken) => {
    const [fault] = faults({ masterToken });
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
    expect(faults({ [setting]: [text] })).toEqual([expect.stringMatching(reason)]);
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
    expect(faults({ masterToken: text })).toEqual([
      'forRoot options: "masterToken" is a placeholder that anybody would guess; make one with "npx fastauth keys generate --print"',
    ]);
    expect(faults({ masterTokens: [{ name: 'ops', token: text }] })).toHaveLength(1);
    expect(faults({}, { MASTER_TOKEN: text })).toHaveLength(1);
  });

  it.each(['short too', 'tr0ub4dor', 'changed-meals', 'mastertokens', '8 secret words', 'key-of-the-lab'])(
    'starts with %j, which is short but chosen',
    (masterToken) => {
      expect(load({ masterToken }).warnings).toContainEqual(
        expect.stringContaining('master-token is shorter than 16 characters'),
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
    expect(faults(options)).toEqual([`forRoot options: ${place} is still a placeholder`]);
  });

  it('refuses one text as both secrets', () => {
    expect(faults({ masterToken: KEY, cryptographyKey: KEY })).toEqual([
      expect.stringMatching(/the same text.*Change the master token, since a new key would end every token/),
    ]);
  });

  it('warns of short secrets', () => {
    const { warnings } = load({ cryptographyKey: 'short', masterToken: 'short too' });
    expect(warnings).toEqual([
      expect.stringContaining('cryptography-key is shorter than 32 bytes'),
      expect.stringContaining('master-token is shorter than 16 characters'),
    ]);
  });

  it.each([
    ['', 'is not JSON: it ends too early'],
    ['{\n  "app-name": hunter2\n}', 'is not JSON (line 2, column 15)'],
    ['{\n  "app-name": "hunter2"', 'is not JSON: it ends too early'],
    ['{\n  // hunter2\n  "app-name": "x"\n}', 'is not JSON (line 2, column 3): JSON has no comments'],
    ['{ "app-name": /* x */ "hunter2" }', 'is not JSON (line 1, column 15): JSON has no comments'],
    ['# hunter2\n{}', 'is not JSON (line 1, column 1): JSON has no comments'],
    [
      '{\n  "access-token-paths": ["/hunter2",]\n}',
      'is not JSON (line 2, column 37): the comma before it is one too many',
    ],
    ['{\n  "app-name": "hunter2",\n}', 'is not JSON (line 3, column 1): the comma before it is one too many'],
    ['{ "app-name": "x" }\n}', 'is not JSON (line 2, column 1)'],
    ["{ 'app-name': 'hunter2' }", 'is not JSON (line 1, column 3)'],
    ['{ "app-name": tru }', 'is not JSON (line 1, column 18)'],
    ['{ "app-name": "hun\nter2" }', 'is not JSON (line 1, column 19)'],
    ['[1]', 'must hold one JSON object'],
    [Buffer.from([0x7b, 0xff]).toString('latin1'), 'is not'],
  ])('refuses a file that is no JSON object: %j', (content, sentence) => {
    file(content);
    expect(faults()).toEqual([expect.stringContaining(sentence)]);
    expect(faults()[0]).not.toContain('hunter2');
  });

  it('reads a file with a byte order mark', () => {
    file('\uFEFF{"app-name":"marked"}');
    expect(load().config.appName).toBe('marked');
  });

  it('needs the config file that was named, but no .env', () => {
    expect(faults({ configFile: 'other.json' })).toEqual([
      expect.stringContaining('other.json: is not there'),
    ]);
    expect(faults({ configFile: '.' })).toEqual([expect.stringContaining('cannot be read (EISDIR)')]);
    expect(faults({ envFile: 'other.env' })).toEqual([]);
    file({ 'master-tokn': '' });
    expect(faults({ configFile: false })).toEqual([]);
  });

  it.each([
    ['.env', {}],
    ['own.env', { envFile: 'own.env' }],
    ['fastauth.config.json', {}],
    ['own.json', { configFile: 'own.json' }],
  ])('refuses %s that is a FIFO, and does not wait for its writer', (name, options) => {
    execFileSync('mkfifo', [join(cwd, name)]);
    expect(faults(options)).toEqual([expect.stringContaining(`${name}: is a FIFO, whose reader may wait`)]);
  });

  it('reads /dev/null as an empty file, and no more than 1 MiB', () => {
    expect(faults({ envFile: '/dev/null' })).toEqual([]);
    expect(faults({ envFile: '/dev/zero' })).toEqual(['/dev/zero: is longer than 1 MiB']);
  });

  it('tells registration keys from misspellings', () => {
    expect(faults({ store: 1, defaultAcess: 'access' })).toEqual([
      expect.stringContaining('"store" shapes the module'),
      expect.stringContaining('did you mean "default-access"?'),
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
        const told = faults({ [key]: value }).join('\n');
        // The sentences' own words may contain a short random text; eight characters of it are no accident.
        expect(texts.filter((text) => told.includes(text.trim()) && text.trim().length >= 8)).toEqual([]);
      }),
    );
  });

  it('gives a service that redacts when it is shown', () => {
    const { config } = load({
      masterToken: TOKEN,
      cryptographyKey: KEY,
      headers: { 'x-api-key': 'header-secret' },
      databaseUrl: 'https://user:pass@db/',
    });
    const service = new FastauthConfigService(config);
    expect(service.get('masterToken')).toBe(TOKEN);
    expect(service.has('cryptographyKey')).toBe(true);
    const shown = JSON.stringify(service) + inspect(service) + inspect({ service }, { depth: 9 });
    for (const secret of [TOKEN, KEY, 'header-secret', 'user', 'pass@']) expect(shown).not.toContain(secret);
    expect(shown).toContain('x-api-key');
  });
});

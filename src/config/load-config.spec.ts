import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ConfigFolder } from '../../test/support/config-folder.js';
import { originOf } from './fastauth-config.js';
import type { FastauthOptions } from './fastauth-options.js';

const KEY = 'k'.repeat(40);
const TOKEN = 'm'.repeat(40);

describe('loadFastauthConfig', () => {
  let folder: ConfigFolder;
  beforeEach(() => void (folder = new ConfigFolder()));
  afterEach(() => folder.remove());

  it('has defaults for everything but the secrets, and is frozen', () => {
    const { config, warnings } = folder.load();
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
      clients: [],
      tokenEndpoint: false,
      resourceIdentifier: undefined,
      authorizationServers: [],
      clientCredentialsExpiresIn: 3600,
      sessionsPerCredentialClient: 1000,
      scopes: undefined,
      keySetFile: undefined,
      issuer: undefined,
      headers: {},
      masterTokenPaths: [],
      publicPaths: [],
      accessTokenPaths: [],
      defaultAccess: 'public',
      enforcement: 'enforce',
      authPrefix: '/auth',
      publicTokenIssuance: false,
      introspectionAccess: 'master',
      accessTokenExpiresIn: 2592000,
      refreshTokenExpiresIn: 31536000,
      refreshGrace: 10,
      familyMaxAge: 94608000,
      sessionsPerClient: 1,
      trackLastUsed: 0,
      clockTolerance: 5,
      storeTimeout: 1,
      verifiedTokenCacheSize: 10000,
      trackedCacheSize: 10000,
      cookieSameSite: 'lax',
      cookieOrigins: [],
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
      console: false,
      auditLog: 'warnings',
    });
    expect(warnings).toEqual([
      expect.stringContaining('cryptography-key is not set: no token can be issued'),
      'master-token is not set: every route that needs it is closed',
    ]);
    expect(Object.isFrozen(config) && Object.isFrozen(config.headers)).toBe(true);
    expect(Object.isFrozen(config.masterTokenPaths)).toBe(true);
  });

  it('names what is not set as the rest of the configuration is written', () => {
    const unset = (options: FastauthOptions) =>
      folder.load(options).warnings.flatMap((warning) => /^(\S+) is not set/.exec(warning)?.[1] ?? []);
    expect(unset({ appName: 'a' })).toEqual(['cryptographyKey', 'masterToken']);
    expect(unset({ headers: {} })).toEqual(['cryptographyKey', 'masterToken']);
    folder.file({ app_name: 'a' });
    expect(unset({ headers: {} })).toEqual(['cryptography_key', 'master_token']);
  });

  it('reads origins as browsers spell them', () => {
    folder.file({ 'websocket-origins': ['HTTPS://App.example.com:443/', 'http://localhost:3000'] });
    expect(folder.load().config.websocketOrigins).toEqual([
      'https://app.example.com',
      'http://localhost:3000',
    ]);
  });

  it.each([
    ['app.example.com', 'is no origin'],
    ['*', 'is no origin'],
    ['https://app.example.com/chat', 'is more than an origin; write "https://app.example.com"'],
  ])('refuses the origin %s', (origin, fault) => {
    folder.file({ 'websocket-origins': [origin] });
    expect(() => folder.load()).toThrow(fault);
  });

  it.each(['master-token-paths', 'master_token_paths', 'masterTokenPaths'])('reads %s', (spelling) => {
    folder.file({ [spelling]: ['admin', '/root'] });
    expect(folder.load().config.masterTokenPaths).toEqual(['/admin', '/root']);
  });

  it.each([
    'database-api-url',
    'database_api_url',
    'databaseApiUrl',
    'database-api-path',
    'database_api_path',
  ])('reads %s and cuts trailing slashes', (spelling) => {
    folder.file({ [spelling]: 'http://127.0.0.1:8000/mydb/data//' });
    expect(folder.load().config.databaseUrl).toBe('http://127.0.0.1:8000/mydb/data');
  });

  it('takes a key spelt twice with one value, and refuses two values', () => {
    folder.file({ 'app-name': 'a', app_name: 'a' });
    expect(folder.load().config.appName).toBe('a');
    folder.file({ 'app-name': 'a', app_name: 'b' });
    expect(folder.faults()).toEqual([
      'fastauth.config.json: "app-name" and "app_name" are the same key and have different values; leave one out',
    ]);
    folder.file('{"app-name": "a", "app-name": "b"}');
    expect(folder.faults()).toEqual(['fastauth.config.json: has "app-name" twice; leave one out']);
    folder.file('{"app-name": "a", "app-name": "b", "refresh-grace": -1, "master-paths": []}');
    expect(folder.faults()).toEqual([
      'fastauth.config.json: has "app-name" twice; leave one out',
      expect.stringContaining(
        '"master-paths" is not a key of the configuration; did you mean "master-token-paths"?',
      ),
      expect.stringContaining('"refresh-grace" is -1'),
    ]);
  });

  it('lets options win over the file, the file over the environment, and that over .env', () => {
    folder.file(
      `MASTER_TOKEN=dotenv-${TOKEN}\nCRYPTOGRAPHY_KEY=dotenv-${KEY}\nFASTAUTH_DATABASE_URL=memory:`,
      '.env',
    );
    expect(folder.load().config).toMatchObject({ masterToken: `dotenv-${TOKEN}`, databaseUrl: 'memory:' });
    const env = { MASTER_TOKEN: `env-${TOKEN}`, CRYPTOGRAPHY_KEY: `env-${KEY}` };
    expect(folder.load({}, env).config.masterToken).toBe(`env-${TOKEN}`);
    folder.file({ 'master-token': `file-${TOKEN}`, 'cryptography-key': '' });
    expect(folder.load({}, env).config).toMatchObject({
      masterToken: `file-${TOKEN}`,
      cryptographyKey: `env-${KEY}`,
    });
    expect(folder.load({ masterToken: `option-${TOKEN}` }, env).config.masterToken).toBe(`option-${TOKEN}`);
    expect(process.env['MASTER_TOKEN']).toBeUndefined();
  });

  it('counts empty text as not set, wherever it stands', () => {
    folder.file(`MASTER_TOKEN=${TOKEN}`, '.env');
    folder.file({ 'master-token': '' });
    expect(folder.load({ masterToken: '' }, { MASTER_TOKEN: '' }).config.masterToken).toBe(TOKEN);
  });

  it('says of every setting where its value came from', () => {
    folder.file('CRYPTOGRAPHY_KEY=short', '.env');
    folder.file({ 'master-token': 'short too', 'access-token-profile': 'at+jwt', 'token-format': 'opaque' });
    const told = folder.faults({ issuer: 'https://auth.example.com', audience: 'a' });
    expect(told).toEqual([
      expect.stringMatching(/; set by "access-token-profile" \(fastauth\.config\.json\) and "token-format" /),
    ]);
    folder.file({ 'master-token': 'short too' });
    const { config, warnings } = folder.load({}, { FASTAUTH_DATABASE_URL: 'memory:' });
    expect(warnings).toEqual([
      expect.stringMatching(/^master-token is shorter .*; set by "master-token" \(fastauth\.config\.json\)$/),
      expect.stringMatching(/^cryptography-key is shorter .*; set by "CRYPTOGRAPHY_KEY" \(\.env\)$/),
    ]);
    expect(originOf(config, 'databaseUrl')).toBe('"FASTAUTH_DATABASE_URL" (process environment)');
    expect(originOf(config, 'appName')).toBeUndefined();
  });

  it('reports every fault at once, with place, what was found, what is expected, and the nearest name', () => {
    folder.file({
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
    expect(folder.faults()).toEqual([
      'fastauth.config.json: "acces-token-paths" is not a key of the configuration; did you mean "access-token-paths"?',
      'fastauth.config.json: "nothing_like_it" is not a key of the configuration; docs/configuration.md lists them all',
      expect.stringMatching(
        /^fastauth.config.json: "database-url" has the scheme "mongodb:"; expected one of lmdb:, /,
      ),
      'fastauth.config.json: "headers"["ok"] is a number; expected text in an object of header names and texts',
      expect.stringContaining('"headers"["Host"] is set by the HTTP connection itself'),
      expect.stringContaining('"headers"["a b"] is no header name'),
      expect.stringContaining('"headers"["fine"] has characters that no header can hold'),
      'fastauth.config.json: "master-token-paths" is "/master"; expected a list of paths such as ["/master"], or of objects with "path" and "methods"',
      'fastauth.config.json: "access_token_paths"[1] is empty; "/" guards everything',
      'fastauth.config.json: "access_token_paths"[2] is 5; expected text in a list of paths such as ["/access"], or of objects with "path", "methods" and "scopes"',
      expect.stringMatching(/"access_token_paths"\[3\] a rule is compared with the path only/),
      'fastauth.config.json: "default-access" is "none"; expected "public", "access" or "master"',
      'fastauth.config.json: "access-token-expires-in" is "30d"; expected a whole number of seconds, at least 1',
      'fastauth.config.json: "refreshGrace" is -1; expected a whole number of seconds from 0 to 3600',
    ]);
  });

  it('tells registration keys from misspellings', () => {
    expect(folder.faults({ store: 1, defaultAcess: 'access' })).toEqual([
      expect.stringContaining('"store" shapes the module'),
      expect.stringContaining('did you mean "defaultAccess"?'),
    ]);
  });
});

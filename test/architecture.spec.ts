import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative, sep } from 'node:path';
import { describe, expect, it } from '@jest/globals';

const SRC = 'src';

/** What each room may import of the others (CONTRIBUTING.md, "The house"). `errors` and `telemetry` are free to all. */
const ROOMS: Record<string, string[]> = {
  errors: [],
  telemetry: ['config/fastauth-config'],
  config: ['keys'],
  keys: [],
  stores: [
    'tokens/session-record',
    'tokens/expiry-queue',
    'config/fastauth-config',
    'config/optional-package',
    'keys/pid-space',
  ],
  tokens: ['keys', 'stores/token-store', 'stores/client-register', 'config'],
  access: ['tokens', 'config', 'stores/token-store'],
  http: ['access', 'tokens', 'config', 'keys/key-ring', 'keys/key-ring-holder', 'keys/json-web-key'],
  websockets: ['access', 'tokens', 'config', 'stores/token-store', 'http/open-connections'],
  cli: ['config', 'keys', 'stores', 'tokens'],
  testing: ['config', 'keys', 'stores', 'tokens', 'access'],
};
/** Wiring: these see everything. */
const ABOVE_ALL = ['index', 'fastauth.module', 'fastauth.module-definition'];

interface Source {
  readonly name: string;
  readonly imports: readonly string[];
  readonly text: string;
}

const sources: Source[] = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts') && !file.endsWith('.spec.ts'))
  .map((file) => {
    const text = readFileSync(join(SRC, file), 'utf8');
    const imports = [...text.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)].map(([, path]) =>
      nameOf(normalize(join(dirname(file), path as string))),
    );
    return { name: nameOf(file), imports, text };
  });

function nameOf(file: string): string {
  return relative('.', file)
    .replaceAll(sep, '/')
    .replace(/\.(?:js|ts)$/, '');
}

const roomOf = (name: string): string => name.split('/')[0] as string;

describe('the house', () => {
  it('has rooms that import only what they may', () => {
    const trespasses = sources
      .filter(({ name }) => !ABOVE_ALL.includes(name))
      .flatMap(({ name, imports }) => {
        const allowed = ['errors', 'telemetry', roomOf(name), ...(ROOMS[roomOf(name)] ?? [])];
        return imports
          .filter((target) => !allowed.some((entry) => target === entry || target.startsWith(`${entry}/`)))
          .map((target) => `${name} -> ${target}`);
      });
    expect(trespasses).toEqual([]);
  });

  it('knows each room', () => {
    const unknown = sources
      .map(({ name }) => name)
      .filter((name) => !ABOVE_ALL.includes(name) && !(roomOf(name) in ROOMS));
    expect(unknown).toEqual([]);
  });

  it('has no import cycles', () => {
    const byName = new Map(sources.map((source) => [source.name, source]));
    const done = new Set<string>();
    const cycles: string[] = [];
    const visit = (name: string, path: readonly string[]): void => {
      if (path.includes(name)) {
        cycles.push([...path.slice(path.indexOf(name)), name].join(' -> '));
        return;
      }
      if (done.has(name)) return;
      for (const target of byName.get(name)?.imports ?? []) visit(target, [...path, name]);
      done.add(name);
    };
    for (const { name } of sources) visit(name, []);
    expect(cycles).toEqual([]);
  });

  it('has no store that imports another', () => {
    const stores = sources.filter(({ name }) => /^stores\/[\w-]+\.store$/.test(name));
    const borrowed = stores.flatMap(({ name, imports }) =>
      imports
        .filter((target) => /^stores\/[\w-]+\.store$/.test(target))
        .map((target) => `${name} -> ${target}`),
    );
    expect(stores.length).toBeGreaterThan(2);
    expect(borrowed).toEqual([]);
  });

  it.each([
    ['Date.now()', /\bDate\.now\(|new Date\(\)/, /^tokens\/clock$/],
    ['process.env', /process\.env\b/, /^(?:config|cli)\//],
    [
      'the file system',
      /from 'node:fs/,
      /^(?:config\/|cli\/|stores\/lmdb|keys\/(?:env-file|pid-space|replace-file|write-claim))/,
    ],
  ])('uses %s in its place only', (_what, pattern, place) => {
    const elsewhere = sources
      .filter(({ name, text }) => pattern.test(text) && !place.test(name))
      .map(({ name }) => name);
    expect(elsewhere).toEqual([]);
  });

  it('has no barrels inside', () => {
    const barrels = sources
      .map(({ name }) => name)
      .filter((name) => name.endsWith('/index') && name !== 'testing/index');
    expect(barrels).toEqual([]);
  });

  it('gives out exactly these names', async () => {
    const names = Object.keys(await import('../src/index.js'));
    expect(names.sort()).toMatchInlineSnapshot(`
     [
       "AccessDeniedException",
       "AccessGuard",
       "AccessOnly",
       "AccessPolicy",
       "AuditSink",
       "Clock",
       "ConfigError",
       "CryptoKeyNotSetError",
       "CurrentPrincipal",
       "FastauthConfigService",
       "FastauthError",
       "FastauthEvents",
       "FastauthHealthIndicator",
       "FastauthModule",
       "HttpGuard",
       "InvalidGrantError",
       "InvalidRequestError",
       "KeyProvider",
       "LmdbTokenStore",
       "MasterOnly",
       "MemoryTokenStore",
       "Public",
       "RedisTokenStore",
       "RestTokenStore",
       "StoreUnavailableError",
       "TokenController",
       "TokenNotSavedError",
       "TokenService",
       "TokenStore",
       "TooManyAttemptsError",
       "UnauthorizedError",
       "WsGuard",
       "generateCryptographyKey",
       "hasKeyInEnv",
       "importJwk",
       "importPem",
       "importSecret",
       "principalOf",
       "readKeyFromEnv",
       "sessionExpiresAt",
       "useFastauthEdge",
       "withFastauth",
       "writeKeyToEnv",
     ]
    `);
  });
});

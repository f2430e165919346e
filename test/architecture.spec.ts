import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative, sep } from 'node:path';
import { describe, expect, it } from '@jest/globals';

const SRC = 'src';

/**
 * The rooms in order: each imports only itself and those above it. CONTRIBUTING.md shows this list ("The house").
 */
const ROOMS: readonly (readonly [name: string, purpose: string])[] = [
  [
    'wire',
    'what clients and servers both say: codes, envelope, header, event and frame names; no Nest, no Node',
  ],
  ['errors', '`FastauthError` and its subclasses; status, code and challenge derive from them'],
  ['nest', 'what is read from Nest beyond what it publishes'],
  ['json', 'strict JSON: no duplicate members'],
  ['clock', 'the one injected source of time'],
  ['events', 'typed events and their bus, correlation identifiers, the logger that never throws'],
  ['files', '`.env` files, bounded reading, files that several processes replace'],
  ['keys', 'key ring, algorithms, signatures, generation and import of keys'],
  ['config', 'what the user writes → one validated, frozen `FastauthConfig`; the sources of keys'],
  [
    'sessions',
    'session and client records, their rules, the `TokenStore` and `ClientStore` ports, watchers, sweeping, copying',
  ],
  ['stores', 'one folder per store, and what stores share'],
  [
    'tokens',
    'claims, issue, verify, refresh, revoke, introspect; `TokenService` is its face; formats in `codecs/`',
  ],
  [
    'resource-server',
    'tokens of other issuers, verified by their JWK Sets or by introspection, where none are issued',
  ],
  ['limits', 'failed attempts, counted by address and by client'],
  ['clients', 'OAuth clients: who they are, how they authenticate themselves, a grant a file'],
  ['access', 'who may enter: decorators, credentials, the policy, the gate, denials; path rules in `paths/`'],
  ['routes', 'which routes there are, which path rules cover them, the report at startup'],
  ['transports', 'one folder per transport: its calls are brought to the gate, its denials answered'],
  ['endpoints', 'the token endpoints, metadata, OpenAPI'],
  ['console', 'the console for operators: who may enter, what it lists and does; its page in `page/`'],
  ['observability', 'audit sinks, metrics, health'],
  ['cli', 'the `fastauth` command'],
  ['store-contract', 'the suites that stores are held to'],
  ['testing', '`nestjs-fastauth/testing`, for tests of applications'],
  ['client', '`nestjs-fastauth/client`, for those who call; imports `src/wire/` alone'],
];
/** Whose folders do not know each other, and which of the files beside those folders join them. */
const SISTERS: Readonly<Record<string, RegExp>> = {
  stores: /^stores\/open-store$/,
  transports: /^transports\/(?:server\.edge|transports\.providers)$/,
  'transports/websockets': /^transports\/websockets\/[^/]+$/,
};
/** Folders that their sisters share. */
const SHARED = ['live'];
/** What the package exports beside its main entry, from a room of its own. */
const ENTRIES = ['client/index', 'store-contract/index', 'testing/index'];
/** The one file of a room that imports the wiring. */
const ABOVE_WIRING = ['testing/fastauth-testing.module'];
/** Wiring: these see everything. */
const ABOVE_ALL = ['index', 'fastauth.module', 'fastauth.module-definition', 'fastauth.registrations'];

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
const HEIGHTS = new Map(ROOMS.map(([name], height) => [name, height]));
const heightOf = (name: string): number => HEIGHTS.get(roomOf(name)) ?? ROOMS.length;
const inRooms = sources.filter(({ name }) => !ABOVE_ALL.includes(name));

/** The folder directly in `parent` that a source is in; undefined beside the folders, and elsewhere. */
function folderIn(parent: string, name: string): string | undefined {
  return name.startsWith(`${parent}/`) ? /^([^/]+)\//.exec(name.slice(parent.length + 1))?.[1] : undefined;
}

describe('the house', () => {
  it('has rooms that import only those above them', () => {
    const trespasses = inRooms.flatMap(({ name, imports }) =>
      imports
        .filter((target) => heightOf(target) > heightOf(name) && !ABOVE_WIRING.includes(name))
        .map((target) => `${name} -> ${target}`),
    );
    expect(trespasses).toEqual([]);
  });

  it.each(Object.entries(SISTERS))('has folders in %s that do not know each other', (parent, joints) => {
    const trespasses = inRooms
      .filter(({ name }) => name.startsWith(`${parent}/`) && !joints.test(name))
      .flatMap(({ name, imports }) =>
        imports
          .filter(
            (target) => ![undefined, folderIn(parent, name), ...SHARED].includes(folderIn(parent, target)),
          )
          .map((target) => `${name} -> ${target}`),
      );
    const folders = new Set(sources.map(({ name }) => folderIn(parent, name)));
    expect(folders.size).toBeGreaterThan(2);
    expect(trespasses).toEqual([]);
  });

  it('has these rooms', () => {
    const rooms = new Set(inRooms.map(({ name }) => roomOf(name)));
    expect([...rooms].sort()).toEqual(ROOMS.map(([name]) => name).sort());
  });

  it('is shown by CONTRIBUTING.md as it is', () => {
    const [, table] = readFileSync('CONTRIBUTING.md', 'utf8').split('## The house\n');
    const shown = [...(table ?? '').matchAll(/^\| `src\/([\w-]+)(?:\/|\.ts)`\s*\| (.+?)\s*\|$/gm)];
    expect(shown.map(([, name, purpose]) => [name, purpose])).toEqual(ROOMS);
  });

  it('has a client that imports what is said on the wire, and nothing else', () => {
    const foreign = sources
      .filter(({ name }) => /^(?:client|wire)\//.test(name))
      .flatMap(({ name, imports, text }) => [
        ...imports.filter((target) => roomOf(target) !== roomOf(name) && roomOf(target) !== 'wire'),
        ...[...text.matchAll(/from '([^.][^']*)'/g)].map(([, target]) => `${name} -> ${target}`),
      ]);
    expect(foreign).toEqual([]);
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

  it.each([
    ['Date.now()', /\bDate\.now\(|new Date\(\)/, /^(?:client\/)?clock$/],
    ['process.env', /process\.env\b/, /^(?:config|cli|testing)\//],
    ['the file system', /from 'node:fs/, /^(?:files|config|cli|stores\/lmdb)\//],
  ])('uses %s in its place only', (_what, pattern, place) => {
    const elsewhere = sources
      .filter(({ name, text }) => pattern.test(text) && !place.test(name))
      .map(({ name }) => name);
    expect(elsewhere).toEqual([]);
  });

  it('is put together by a module that leaves its providers to the rooms', () => {
    const { text } = sources.find(({ name }) => name === 'fastauth.module') as Source;
    expect(text.split('\n').length - 1).toBeLessThan(120);
    expect(text).not.toMatch(/\buse(?:Factory|Class|Value|Existing):/);
  });

  it('has short files', () => {
    const lengths = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .map((file) => ({
        name: nameOf(file),
        lines: readFileSync(join(SRC, file), 'utf8').split('\n').length - 1,
      }))
      .sort((a, b) => a.lines - b.lines);
    const long = lengths.filter(({ lines }) => lines > 300).map(({ name }) => name);
    expect(long).toEqual([]);
    expect(lengths[Math.floor(lengths.length / 2)]?.lines).toBeLessThan(65);
  });

  it('can be loaded as CommonJS, as Jest and bundlers may do', () => {
    const offenders = sources.filter(({ text }) => /\bimport\.meta\b|^(?:const .*= )?await /m.test(text));
    expect(offenders.map(({ name }) => name)).toEqual([]);
  });

  it('has no barrels inside', () => {
    const barrels = sources
      .map(({ name }) => name)
      .filter((name) => name.endsWith('/index') && !ENTRIES.includes(name));
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
       "AnyOf",
       "AuditSink",
       "ClientStore",
       "Clock",
       "ConfigError",
       "CryptoKeyNotSetError",
       "CurrentPrincipal",
       "EndsWithToken",
       "FastauthConfigService",
       "FastauthError",
       "FastauthEvents",
       "FastauthHealthIndicator",
       "FastauthModule",
       "Fresh",
       "HttpGuard",
       "InvalidGrantError",
       "InvalidRequestError",
       "InvalidScopeError",
       "IssuerUnavailableError",
       "KeyProvider",
       "LmdbTokenStore",
       "MasterOnly",
       "MemoryTokenStore",
       "OptionalAccess",
       "Public",
       "RedisTokenStore",
       "RestTokenStore",
       "Scopes",
       "StoreUnavailableError",
       "TokenController",
       "TokenCookies",
       "TokenNotSavedError",
       "TokenService",
       "TokenStore",
       "TooManyAttemptsError",
       "UnauthorizedError",
       "WsGuard",
       "accessMap",
       "copyStore",
       "generateCryptographyKey",
       "hasKeyInEnv",
       "importJwk",
       "importPem",
       "importSecret",
       "isLaterState",
       "isRefreshable",
       "isSuccessor",
       "isToRevoke",
       "keyUseOf",
       "principalOf",
       "readKeyFromEnv",
       "sessionExpiresAt",
       "surplusSessions",
       "useFastauthEdge",
       "withFastauth",
       "writeKeyToEnv",
     ]
    `);
  });
});

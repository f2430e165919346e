import { resolve as resolvePath } from 'node:path';
import type { z } from 'zod';
import { ConfigError } from '../errors.js';
import type { ScheduledKey } from '../keys/key-schedule.js';
import { isShort, IS_SHORT, shortSecretWarnings } from '../keys/short-secret.js';
import { readEnvFile, readEnvironment } from './config-environment.js';
import { readConfigFile } from './config-file.js';
import { type ChosenValue, type ConfigSource, placeOf, sourceOf } from './config-source.js';
import { canonicalDatabaseUrl, isOurDatabaseUrl } from './database-url.js';
import { CONFIG_ORIGINS, type FastauthConfig } from './fastauth-config.js';
import type { FastauthOptions } from './fastauth-options.js';
import { masterTokenFaults, masterTokensOf } from './master-token-entries.js';
import { isMasterTokenHash } from './secret-faults.js';
import { asBrowsersSpellIt } from './origin-fault.js';
import { scheduledKeys } from './key-entries.js';
import { describeFault } from './setting-fault.js';
import { SETTING_NAMES, SETTINGS, type SettingName } from './settings.js';

/** Where the configuration is read from besides the options. */
export interface ConfigSurroundings {
  readonly env: NodeJS.ProcessEnv;
  /** Folder that relative paths start from. */
  readonly cwd: string;
  /** Whether the application brings keys besides. Default: false. */
  readonly hasKeyProvider: boolean;
  /** Whether the application brings its store. Default: false. */
  readonly hasStore: boolean;
}

export interface LoadedConfig {
  readonly config: FastauthConfig;
  /** Sentences for the log; none holds a secret. */
  readonly warnings: readonly string[];
}

/** Seconds that a call to a store may take unless `store-timeout` says so. */
const STORE_TIMEOUT = 1;
const REST_TIMEOUT = 5;
const SECRETS = ['cryptographyKey', 'cryptographyKeys', 'masterToken', 'masterTokens'] as const;

type Chosen = ReadonlyMap<SettingName, ChosenValue>;
type Values = { -readonly [Name in SettingName]?: z.output<(typeof SETTINGS)[Name]> };

/**
 * Reads, checks and freezes the configuration. Of several sources the first that has a key wins: options,
 * config file, process environment, `.env`.
 * @throws ConfigError naming every fault at once
 */
export function loadFastauthConfig(
  options: FastauthOptions = {},
  {
    env = process.env,
    cwd = process.cwd(),
    hasKeyProvider = false,
    hasStore = false,
  }: Partial<ConfigSurroundings> = {},
): LoadedConfig {
  const { configFile, envFile, ...given } = options;
  const file = readConfigFile(configFile, cwd);
  const sources = [sourceOf('forRoot options', given), file, readEnvironment(env), readEnvFile(envFile, cwd)];
  const chosen = choose(sources);
  const faults = sources.flatMap((source) => source.faults);
  const values = check(chosen, faults);
  faults.push(...faultsBetween(chosen, values));
  const cryptographyKeys = importKeys(values, chosen, cwd, faults);
  if (faults.length > 0) throw new ConfigError(faults);
  const config = resolve(values as Required<Values>, chosen, cryptographyKeys, cwd);
  return {
    config,
    warnings: [
      ...sources.flatMap((source) => source.warnings ?? []),
      ...sourceWarnings(sources),
      ...weaknessWarnings(config, chosen, hasKeyProvider),
      ...guessableTokenWarnings(values, chosen),
      ...(hasStore ? [] : storeWarnings(chosen, env)),
    ],
  };
}

function choose(sources: readonly ConfigSource[]): Chosen {
  const chosen = new Map<SettingName, ChosenValue>();
  for (const source of sources) {
    for (const [setting, given] of source.values) {
      if (!chosen.has(setting)) chosen.set(setting, { ...given, source });
    }
  }
  return chosen;
}

function check(chosen: Chosen, faults: string[]): Values {
  const values: Partial<Record<SettingName, unknown>> = {};
  for (const setting of SETTING_NAMES) {
    const given = chosen.get(setting);
    const result = SETTINGS[setting].safeParse(given?.value);
    if (result.success) values[setting] = result.data;
    else if (given) {
      for (const issue of result.error.issues) {
        faults.push(`${given.source.name}: ${describeFault(setting, given, issue)}`);
      }
    }
  }
  return values as Values;
}

function faultsBetween(chosen: Chosen, values: Values): string[] {
  const faults: string[] = [];
  const url = chosen.get('databaseUrl');
  const apiUrl = chosen.get('databaseApiUrl');
  if (url && apiUrl) {
    faults.push(`${placeOf(url)} and ${placeOf(apiUrl)} both name a store; leave one of them out`);
  }
  const { masterToken, masterTokens = [], cryptographyKey, cryptographyKeys = [] } = values;
  const keys = [
    cryptographyKey,
    ...cryptographyKeys.flatMap(({ secret, jwk }) => [secret, jwk?.['k']]),
  ].filter((key) => typeof key === 'string');
  return [
    ...faults,
    ...tokenFaults(values, chosen),
    ...masterTokenFaults(masterTokensOf(masterToken, masterTokens), keys).map(
      (fault) => fault + setBy(chosen, 'masterToken', 'masterTokens', 'cryptographyKey', 'cryptographyKeys'),
    ),
  ];
}

function tokenFaults(values: Values, chosen: Chosen): string[] {
  const { accessTokenProfile, tokenFormat, issuer, audience = [] } = values;
  const faults: string[] = [];
  if (accessTokenProfile === 'at+jwt') {
    const origin = setBy(chosen, 'accessTokenProfile');
    if (issuer === undefined) faults.push(`access-token-profile "at+jwt" needs issuer, for \`iss\`${origin}`);
    if (audience.length === 0)
      faults.push(`access-token-profile "at+jwt" needs audience, for \`aud\`${origin}`);
    if (tokenFormat === 'opaque') {
      faults.push(
        `access-token-profile "at+jwt" is about JWTs, but token-format is "opaque"; choose one of them${setBy(chosen, 'accessTokenProfile', 'tokenFormat')}`,
      );
    }
  }
  if (isRestApi(values) && tokenFormat !== undefined && tokenFormat !== 'jwt') {
    faults.push(
      `token-format ${JSON.stringify(tokenFormat)} does not go with the REST persistence API, which keeps nothing but tokens ` +
        `whose claims can be read; use "jwt" or another store${setBy(chosen, 'tokenFormat', 'databaseApiUrl', 'databaseUrl')}`,
    );
  }
  return faults;
}

function isRestApi({ databaseUrl, databaseApiUrl }: Pick<Values, 'databaseUrl' | 'databaseApiUrl'>): boolean {
  return databaseApiUrl !== undefined || /^https?:/i.test(databaseUrl ?? '');
}

function importKeys(
  { cryptographyKeys = [] }: Values,
  chosen: Chosen,
  cwd: string,
  faults: string[],
): readonly ScheduledKey[] {
  try {
    return scheduledKeys(cryptographyKeys, 'cryptography-keys', cwd);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    faults.push(...error.faults.map((fault) => fault + setBy(chosen, 'cryptographyKeys')));
    return [];
  }
}

function resolve(
  {
    databaseApiUrl,
    databaseUrl,
    sessionsPerClient,
    authPrefix,
    masterTokens,
    keySetFile,
    audience,
    storeTimeout,
    ...rest
  }: Required<Values>,
  chosen: Chosen,
  cryptographyKeys: readonly ScheduledKey[],
  cwd: string,
): FastauthConfig {
  const config = {
    ...rest,
    cryptographyKeys: Object.freeze(cryptographyKeys),
    keySetFile: keySetFile === undefined ? undefined : resolvePath(cwd, keySetFile),
    databaseUrl: canonicalDatabaseUrl(databaseApiUrl ?? databaseUrl),
    storeTimeout: storeTimeout ?? (isRestApi({ databaseApiUrl, databaseUrl }) ? REST_TIMEOUT : STORE_TIMEOUT),
    sessionsPerClient: sessionsPerClient === 'unlimited' ? Infinity : sessionsPerClient,
    authPrefix: `/${authPrefix}`.replaceAll(/\/+/g, '/').replace(/(?<=.)\/$/, ''),
    acceptedTokenFormats: Object.freeze(rest.acceptedTokenFormats),
    audience: Object.freeze(typeof audience === 'string' ? [audience] : audience),
    headers: Object.freeze(rest.headers),
    masterTokens: Object.freeze(masterTokensOf(rest.masterToken, masterTokens)),
    masterTokenPaths: Object.freeze(rest.masterTokenPaths.map(withLeadingSlash)),
    accessTokenPaths: Object.freeze(rest.accessTokenPaths.map(withLeadingSlash)),
    publicPaths: Object.freeze(rest.publicPaths.map(withLeadingSlash)),
    websocketOrigins: Object.freeze(rest.websocketOrigins.map(asBrowsersSpellIt)),
  };
  const origins = new Map(Array.from(chosen, ([setting, value]) => [setting, placeOf(value)]));
  if (origins.has('databaseApiUrl')) origins.set('databaseUrl', origins.get('databaseApiUrl') ?? '');
  Object.defineProperty(config, CONFIG_ORIGINS, { value: origins });
  return Object.freeze(config);
}

function withLeadingSlash(path: string): string {
  const trimmed = path.trim();
  return trimmed.startsWith('/') ? trimmed : `/${trimmed}`;
}

/** A secret that two sources tell differently: somebody may believe that the other one holds. */
function sourceWarnings(sources: readonly ConfigSource[]): string[] {
  return SECRETS.flatMap((setting) => {
    const telling = sources.filter((source) => source.values.has(setting));
    const [winner, ...others] = telling;
    const valueIn = (source: ConfigSource) => JSON.stringify(source.values.get(setting)?.value);
    const overruled = others.filter((source) => winner && valueIn(source) !== valueIn(winner));
    if (!winner || overruled.length === 0) return [];
    const losers = overruled.map((source) => source.name).join(' and ');
    return [
      `${winner.values.get(setting)?.spelling}: the value of ${winner.name} is used; ${losers} has another one`,
    ];
  });
}

function weaknessWarnings(config: FastauthConfig, chosen: Chosen, hasKeyProvider: boolean): string[] {
  const { cryptographyKey, cryptographyKeys, keySetFile, masterTokens, publicTokenIssuance } = config;
  const warnings: string[] = [];
  const hasKeys = cryptographyKey !== undefined || cryptographyKeys.length > 0 || keySetFile !== undefined;
  if (!hasKeys && !hasKeyProvider) {
    warnings.push(
      'cryptography-key is not set: no token can be issued or verified; make one with "npx fastauth keys generate"',
    );
  }
  if (masterTokens.length === 0) {
    warnings.push('master-token is not set: every route that needs it is closed');
  }
  if (publicTokenIssuance) {
    warnings.push(
      `public-token-issuance is on: anybody can have tokens issued, for any client_id${setBy(chosen, 'publicTokenIssuance')}`,
    );
  }
  warnings.push(
    ...shortSecretWarnings(cryptographyKeys).map((warning) => warning + setBy(chosen, 'cryptographyKeys')),
  );
  if (cryptographyKey !== undefined && isShort(Buffer.byteLength(cryptographyKey))) {
    warnings.push(
      `cryptography-key ${IS_SHORT}; make one with "npx fastauth keys generate --print"${setBy(chosen, 'cryptographyKey')}`,
    );
  }
  return warnings;
}

function guessableTokenWarnings({ masterToken, masterTokens = [] }: Values, chosen: Chosen): string[] {
  const plain = [
    { place: 'master-token', token: masterToken, origin: setBy(chosen, 'masterToken') },
    ...masterTokens.map(({ name, token }) => ({
      place: `master-tokens ${JSON.stringify(name)}`,
      token,
      origin: setBy(chosen, 'masterTokens'),
    })),
  ];
  return plain
    .filter(({ token }) => token !== undefined && !isMasterTokenHash(token) && token.length < 16)
    .map(
      ({ place, origin }) =>
        `${place} is shorter than 16 characters and can be guessed; make one with "npx fastauth keys generate --print"${origin}`,
    );
}

/** A store that `DATABASE_URL` named until it was no longer read would be lost without a word. */
function storeWarnings(chosen: Chosen, { DATABASE_URL: url = '' }: NodeJS.ProcessEnv): string[] {
  if (chosen.has('databaseUrl') || chosen.has('databaseApiUrl') || !isOurDatabaseUrl(url)) return [];
  return [
    "DATABASE_URL is the application's own and is not read: sessions are kept in the embedded store in .fastauth; " +
      'to keep them elsewhere, set FASTAUTH_DATABASE_URL or database-url (also to "lmdb:.fastauth", which ends this warning)',
  ];
}

/** Ends a sentence about a setting by where its value came from. */
function setBy(chosen: Chosen, ...settings: readonly SettingName[]): string {
  const places = settings.flatMap((setting) => chosen.get(setting) ?? []).map(placeOf);
  return places.length === 0 ? '' : `; set by ${places.join(' and ')}`;
}

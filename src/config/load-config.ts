import { resolve as resolvePath } from 'node:path';
import type { Parser } from '@nestjs/config';
import type * as z from 'zod';
import { ConfigError } from '../errors.js';
import type { ScheduledKey } from '../keys/key-schedule.js';
import { isShort, IS_SHORT, shortSecretWarnings } from '../keys/short-secret.js';
import { type ClientConfig, configuredClients } from './client-entries.js';
import { readEnvFile, readEnvironment } from './config-environment.js';
import { cookieFaults } from './cookie-settings.js';
import { readConfigFile } from './config-file.js';
import { type ChosenValue, type ConfigSource, OPTIONS, placeOf, sourceOf } from './config-source.js';
import { canonicalDatabaseUrl, isOurDatabaseUrl, isRestApi } from './database-url.js';
import { CONFIG_ORIGINS, type FastauthConfig } from './fastauth-config.js';
import type { FastauthOptions } from './fastauth-options.js';
import { lifetimeWarnings } from './lifetime-warnings.js';
import { masterTokenFaults, masterTokensOf } from './master-token-entries.js';
import { guessableSecretFaults, guessableTokenWarnings } from './guessable-secrets.js';
import { asBrowsersSpellIt } from './origin-fault.js';
import { pathRuleOf, ruleScopeFaults, withLeadingSlash } from './path-rule-entries.js';
import { scheduledKeys } from './key-entries.js';
import { describeFault, issuesOf } from './setting-fault.js';
import { SETTING_NAMES, SETTINGS, type SettingName } from './settings.js';
import { isProduction } from './production.js';
import { tokenFaults } from './token-faults.js';
import { spellerOf, tellOf, unwrittenSpeller } from './written-names.js';

/** Where the configuration is read from besides the options. */
export interface ConfigSurroundings {
  readonly env: NodeJS.ProcessEnv;
  /** Folder that relative paths start from. */
  readonly cwd: string;
  /** Whether the application brings keys besides. Default: false. */
  readonly hasKeyProvider: boolean;
  /** Whether the application brings its store. Default: false. */
  readonly hasStore: boolean;
  /** Whether it issues tokens, and so needs a store and keys. Default: true. */
  readonly issuesTokens: boolean;
  /** What `loadEnvParser` gave, or another parser of `.env` files; without one there must be no such file. */
  readonly parseEnv: Parser | undefined;
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
    issuesTokens = true,
    parseEnv,
  }: Partial<ConfigSurroundings> = {},
): LoadedConfig {
  const { configFile, envFile, ...given } = options;
  const file = readConfigFile(configFile, cwd);
  const sources = [sourceOf(OPTIONS, given), file, readEnvironment(env), readEnvFile(envFile, cwd, parseEnv)];
  const chosen = choose(sources);
  const faults = sources.flatMap((source) => source.faults);
  const values = check(chosen, faults);
  faults.push(...faultsBetween(chosen, values));
  if (isProduction(env)) {
    faults.push(...guessableSecretFaults(values, (fault, setting) => tellOf(chosen, fault, setting)));
  }
  const cryptographyKeys = importKeys(values, chosen, cwd, faults);
  const clients = readClients(values, chosen, cwd, faults);
  if (faults.length > 0) throw new ConfigError(faults);
  const config = resolve(values as Required<Values>, chosen, { cryptographyKeys, clients }, cwd);
  return {
    config,
    warnings: [
      ...sources.flatMap((source) => source.warnings ?? []),
      ...sourceWarnings(sources),
      ...guessableTokenWarnings(values, (warning, setting) => tellOf(chosen, warning, setting)),
      ...(issuesTokens
        ? [
            ...weaknessWarnings(config, chosen, hasKeyProvider),
            ...lifetimeWarnings(config).map(({ warning, settings }) => tellOf(chosen, warning, ...settings)),
            ...(hasStore ? [] : storeWarnings(chosen, env)),
          ]
        : []),
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
      for (const issue of issuesOf(result.error.issues)) {
        faults.push(`${given.source.name}: ${describeFault(setting, given, issue)}`);
      }
    }
  }
  return values as Values;
}

function faultsBetween(chosen: Chosen, values: Values): string[] {
  const url = chosen.get('databaseUrl');
  const apiUrl = chosen.get('databaseApiUrl');
  const { masterToken, masterTokens = [], cryptographyKey, cryptographyKeys = [] } = values;
  const keys = [
    { text: cryptographyKey, setting: 'cryptographyKey' as const },
    ...cryptographyKeys.flatMap(({ secret, jwk }) =>
      [secret, jwk?.['k']].map((text) => ({ text, setting: 'cryptographyKeys' as const })),
    ),
  ].flatMap(({ text, setting }) => (typeof text === 'string' ? { text, setting } : []));
  return [
    ...(url && apiUrl
      ? [`${placeOf(url)} and ${placeOf(apiUrl)} both name a store; leave one of them out`]
      : []),
    ...(values.enforcement === 'observe' && values.observeUntil === undefined
      ? [tellOf(chosen, 'enforcement "observe" needs observe-until, the date that ends it', 'enforcement')]
      : []),
    ...tokenFaults(values).map(({ fault, settings }) => tellOf(chosen, fault, ...settings)),
    ...cookieFaults(values).map((fault) => tellOf(chosen, fault, 'refreshTokenCookie')),
    ...ruleScopeFaults(values).map((fault) => tellOf(chosen, fault, 'accessTokenPaths')),
    ...masterTokenFaults(masterTokensOf(masterToken, masterTokens), keys).map(({ fault, settings }) =>
      tellOf(chosen, fault, ...settings),
    ),
  ];
}

function importKeys(
  { cryptographyKeys = [] }: Values,
  chosen: Chosen,
  cwd: string,
  faults: string[],
): readonly ScheduledKey[] {
  try {
    return scheduledKeys(
      cryptographyKeys,
      'cryptography-keys',
      cwd,
      spellerOf(chosen.get('cryptographyKeys')),
    );
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    faults.push(...error.faults.map((fault) => tellOf(chosen, fault, 'cryptographyKeys')));
    return [];
  }
}

function readClients(
  { clients = [], scopes }: Values,
  chosen: Chosen,
  cwd: string,
  faults: string[],
): readonly ClientConfig[] {
  try {
    return configuredClients(clients, cwd, scopes, spellerOf(chosen.get('clients')));
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    faults.push(...error.faults.map((fault) => tellOf(chosen, fault, 'clients')));
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
  { cryptographyKeys, clients }: Pick<FastauthConfig, 'cryptographyKeys' | 'clients'>,
  cwd: string,
): FastauthConfig {
  const config = {
    ...rest,
    cryptographyKeys: Object.freeze(cryptographyKeys),
    clients,
    tokenEndpoint: rest.tokenEndpoint ?? clients.length > 0,
    keySetFile: keySetFile === undefined ? undefined : resolvePath(cwd, keySetFile),
    databaseUrl: canonicalDatabaseUrl(databaseApiUrl ?? databaseUrl),
    storeTimeout: storeTimeout ?? (isRestApi({ databaseApiUrl, databaseUrl }) ? REST_TIMEOUT : STORE_TIMEOUT),
    sessionsPerClient: sessionsPerClient === 'unlimited' ? Infinity : sessionsPerClient,
    authPrefix: `/${authPrefix}`.replaceAll(/\/+/g, '/').replace(/(?<=.)\/$/, ''),
    acceptedTokenFormats: Object.freeze(rest.acceptedTokenFormats),
    audience: Object.freeze(typeof audience === 'string' ? [audience] : audience),
    headers: Object.freeze(rest.headers),
    scopes: rest.scopes && Object.freeze(rest.scopes),
    masterTokens: Object.freeze(masterTokensOf(rest.masterToken, masterTokens)),
    masterTokenPaths: Object.freeze(rest.masterTokenPaths.map(pathRuleOf)),
    accessTokenPaths: Object.freeze(rest.accessTokenPaths.map(pathRuleOf)),
    publicPaths: Object.freeze(rest.publicPaths.map(withLeadingSlash)),
    cookieOrigins: Object.freeze(rest.cookieOrigins.map(asBrowsersSpellIt)),
    websocketOrigins: Object.freeze(rest.websocketOrigins.map(asBrowsersSpellIt)),
  };
  const origins = new Map(Array.from(chosen, ([setting, value]) => [setting, placeOf(value)]));
  if (origins.has('databaseApiUrl')) origins.set('databaseUrl', origins.get('databaseApiUrl') ?? '');
  Object.defineProperty(config, CONFIG_ORIGINS, { value: origins });
  return Object.freeze(config);
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
  const spell = unwrittenSpeller(chosen);
  const hasKeys = cryptographyKey !== undefined || cryptographyKeys.length > 0 || keySetFile !== undefined;
  if (!hasKeys && !hasKeyProvider) {
    warnings.push(
      `${spell('cryptography-key')} is not set: no token can be issued or verified; make one with "npx fastauth keys generate"`,
    );
  }
  if (masterTokens.length === 0) {
    warnings.push(`${spell('master-token')} is not set: every route that needs it is closed`);
  }
  if (publicTokenIssuance) {
    warnings.push(
      tellOf(
        chosen,
        'public-token-issuance is on: anybody can have tokens issued, for any client_id',
        'publicTokenIssuance',
      ),
    );
  }
  warnings.push(
    ...shortSecretWarnings(cryptographyKeys).map((warning) => tellOf(chosen, warning, 'cryptographyKeys')),
  );
  if (cryptographyKey !== undefined && isShort(Buffer.byteLength(cryptographyKey))) {
    warnings.push(
      tellOf(
        chosen,
        `cryptography-key ${IS_SHORT}; make one with "npx fastauth keys generate --print"`,
        'cryptographyKey',
      ),
    );
  }
  return warnings;
}

/** A store that `DATABASE_URL` named until it was no longer read would be lost without a word. */
function storeWarnings(chosen: Chosen, { DATABASE_URL: url = '' }: NodeJS.ProcessEnv): string[] {
  if (chosen.has('databaseUrl') || chosen.has('databaseApiUrl') || !isOurDatabaseUrl(url)) return [];
  return [
    "DATABASE_URL is the application's own and is not read: sessions are kept in the embedded store in .fastauth; " +
      'to keep them elsewhere, set FASTAUTH_DATABASE_URL or database-url (also to "lmdb:.fastauth", which ends this warning)',
  ];
}

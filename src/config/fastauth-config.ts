import type * as z from 'zod';
import type { ScheduledKey } from '../keys/key-schedule.js';
import type { ClientConfig } from './client-entries.js';
import type { MasterTokenConfig } from './master-token-entries.js';
import type { PathRuleEntry } from './path-rule-entries.js';
import type { SettingName, SETTINGS } from './settings.js';

/** What a setting is once it is checked; lists and objects are frozen. */
type Checked<Name extends SettingName> = Frozen<z.output<(typeof SETTINGS)[Name]>>;
type Frozen<T> = T extends readonly (infer Item)[] ? readonly Item[] : T extends object ? Readonly<T> : T;
type CheckedSettings = { readonly [Name in keyof typeof SETTINGS]: Checked<Name> };

/** Settings that the configuration has in another form than they are written in. */
type Resolved =
  | 'databaseUrl'
  | 'databaseApiUrl'
  | 'masterTokens'
  | 'cryptographyKeys'
  | 'clients'
  | 'tokenEndpoint'
  | 'sessionsPerClient'
  | 'audience'
  | 'masterTokenPaths'
  | 'accessTokenPaths'
  | 'storeTimeout';

/** The validated configuration, frozen. Durations are seconds. docs/configuration.md lists every key. */
export interface FastauthConfig extends Omit<CheckedSettings, Resolved> {
  /** Where sessions are kept: `lmdb:<folder>`, `memory:`, `redis://`, `postgres://`, `mysql://`, `http(s)://` (the REST persistence API; `database-api-url` ends up here too). */
  readonly databaseUrl: string;
  /** Every master token, `masterToken` among them, hashed. */
  readonly masterTokens: readonly MasterTokenConfig[];
  /** Paths that need the master token, each with a leading slash. */
  readonly masterTokenPaths: readonly (string | PathRuleEntry)[];
  /** Paths that need an access token, each with a leading slash. */
  readonly accessTokenPaths: readonly (string | PathRuleEntry)[];
  /** Keys of the ring that the configuration itself holds. */
  readonly cryptographyKeys: readonly ScheduledKey[];
  /** OAuth clients of the configuration; the store may have others. */
  readonly clients: readonly ClientConfig[];
  /** Whether there is an OAuth 2.0 token endpoint. */
  readonly tokenEndpoint: boolean;
  /** Live sessions a client may have (`Infinity`: no limit); a new one beyond that ends the oldest. */
  readonly sessionsPerClient: number;
  /** `aud` of new tokens; tokens that name only others are refused. */
  readonly audience: readonly string[];
  /** Time limit of one store call. Default: 1; 5 with the REST persistence API. */
  readonly storeTimeout: number;
}

/** What a route may need: anybody, the holder of an access token, the holder of the master token. */
export type DefaultAccess = Checked<'defaultAccess'>;

/** How tokens are written: signed, signed and encrypted, or as references to their session. */
export type TokenFormat = Checked<'tokenFormat'>;

/** What access tokens look like: as the original's, or as RFC 9068 has them. */
export type AccessTokenProfile = Checked<'accessTokenProfile'>;

/** What the audit log holds: everything, what may be an attack, or nothing. */
export type AuditLogLevel = Checked<'auditLog'>;

/** See {@link FastauthConfig.websocketRefusal}. */
export type WebsocketRefusal = Checked<'websocketRefusal'>;

/** Injection token of the resolved {@link FastauthConfig}. */
export const FASTAUTH_CONFIG = Symbol('FASTAUTH_CONFIG');

/** Where the values of a configuration came from; beside it, and shown by no inspection. */
export const CONFIG_ORIGINS = Symbol('CONFIG_ORIGINS');

/** Where the value of a key came from, for people: how its source spells it, and the source; undefined: the default. */
export function originOf(config: FastauthConfig, key: string): string | undefined {
  const { [CONFIG_ORIGINS]: origins } = config as { [CONFIG_ORIGINS]?: ReadonlyMap<string, string> };
  return origins?.get(key);
}

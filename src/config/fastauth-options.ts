import type { FastauthConfig } from './fastauth-config.js';
import type { ClientOptions } from './client-entries.js';
import type { CryptographyKeyOptions } from './key-entries.js';
import type { MasterTokenOptions } from './master-token-entries.js';

type ConfigValues = { -readonly [Key in keyof FastauthConfig]?: FastauthConfig[Key] | undefined };

/**
 * What `FastauthModule.forRoot` takes: every key of the configuration in camelCase, and where the rest is read.
 * An option wins over the config file, which wins over the environment; empty text counts as not given.
 */
export interface FastauthOptions extends Omit<
  ConfigValues,
  'sessionsPerClient' | 'audience' | 'masterTokens' | 'cryptographyKeys' | 'clients'
> {
  /** Several master tokens, beside `masterToken` or instead of it. Default: none. */
  masterTokens?: readonly MasterTokenOptions[] | undefined;
  /** A key ring. `cryptographyKey` may stand beside it: for tokens that name no key. Default: none. */
  cryptographyKeys?: readonly CryptographyKeyOptions[] | undefined;
  /** OAuth clients that authenticate themselves, beside those of the store. Default: none. */
  clients?: readonly ClientOptions[] | undefined;
  /** `aud` of new tokens. Default: none. */
  audience?: string | readonly string[] | undefined;
  /** Live sessions a client may have. Default: 1, so that a new pair ends the older session. */
  sessionsPerClient?: number | 'unlimited' | undefined;
  /** Base URL of the REST persistence API; instead of `databaseUrl`. */
  databaseApiUrl?: string | undefined;
  /** Path of the config file; `false`: none. Default: `fastauth.config.json` in the working directory, if it is there. */
  configFile?: string | false | undefined;
  /** Path of the `.env` file; `false`: none. Default: `.env` in the working directory, if it is there. */
  envFile?: string | false | undefined;
}

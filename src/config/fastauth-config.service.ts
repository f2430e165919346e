import { inspect } from 'node:util';
import { Inject, Injectable } from '@nestjs/common';
import { FASTAUTH_CONFIG, type FastauthConfig } from './fastauth-config.js';
import { SINGLE_MASTER_TOKEN } from './master-token-entries.js';
import { SECRET_SETTINGS } from './secret-settings.js';
import { type SettingName } from './settings.js';

const REDACTED = '[redacted]';

/**
 * The resolved configuration, for injection. Printed or serialised, it does not tell its secrets.
 *
 * @example
 * constructor(private readonly fastauth: FastauthConfigService) {}
 * this.fastauth.get('accessTokenExpiresIn'); // 2592000
 */
@Injectable()
export class FastauthConfigService {
  readonly #config: FastauthConfig;

  constructor(@Inject(FASTAUTH_CONFIG) config: FastauthConfig) {
    this.#config = config;
  }

  /** The value of a key. Durations are seconds. The plain master token is not kept: `masterTokens` has its digest. */
  get<Key extends keyof FastauthConfig>(key: Key): FastauthConfig[Key] {
    return this.#config[key];
  }

  /** Whether a key has a value: the two secrets may have none. */
  has(key: keyof FastauthConfig): boolean {
    const isSet = this.#config[key] !== undefined;
    if (isSet || key !== 'masterToken') return isSet;
    return this.#config.masterTokens.some(({ name }) => name === SINGLE_MASTER_TOKEN);
  }

  toJSON(): Record<string, unknown> {
    const { toJSON } = this.#config as { toJSON?: () => Record<string, unknown> };
    return toJSON ? toJSON.call(this.#config) : redactedConfig(this.#config);
  }

  [inspect.custom](): Record<string, unknown> {
    return this.toJSON();
  }
}

/** The configuration as it may be shown: of secrets, whether they are set; of a URL, the scheme. */
export function redactedConfig(config: FastauthConfig): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(config).map(([key, value]: [string, unknown]) => {
      if (key === 'databaseUrl' || key === 'failedAttemptsStore') return [key, redactedUrl(config[key])];
      if (key === 'headers')
        return [key, Object.fromEntries(Object.keys(config.headers).map((name) => [name, REDACTED]))];
      if (!SECRET_SETTINGS.has(key as SettingName)) return [key, value];
      return [key, isUnset(value) ? undefined : REDACTED];
    }),
  );
}

function isUnset(value: unknown): boolean {
  return value === undefined || (Array.isArray(value) && value.length === 0);
}

function redactedUrl(url: string): string {
  if (!url.includes('://')) return url;
  return `${url.slice(0, url.indexOf('://'))}://${REDACTED}`;
}

import { inspect } from 'node:util';
import { redactedConfig } from './fastauth-config.service.js';
import { CONFIG_ORIGINS, type FastauthConfig } from './fastauth-config.js';

/**
 * The configuration as an application has it: everybody may ask for a secret, and nobody prints one. Secrets are kept
 * where neither `console.log` nor `JSON.stringify` nor a spread finds them, and the plain master token is not kept.
 */
class ConcealedConfig {
  readonly #secrets: FastauthConfig;
  readonly #shown: Record<string, unknown>;

  constructor(config: FastauthConfig) {
    this.#shown = redactedConfig(config);
    const { masterToken: _plain, ...others } = config;
    this.#secrets = Object.freeze({ ...others, masterToken: undefined });
    for (const [name, value] of Object.entries(config)) {
      if (!(name in ConcealedConfig.prototype))
        Object.defineProperty(this, name, { value, enumerable: true });
    }
    Object.defineProperty(this, CONFIG_ORIGINS, { value: Reflect.get(config, CONFIG_ORIGINS) });
    Object.freeze(this);
  }

  get databaseUrl() {
    return this.#secrets.databaseUrl;
  }

  /** See `masterTokens` for its digest. */
  get masterToken(): undefined {
    return undefined;
  }

  get masterTokens() {
    return this.#secrets.masterTokens;
  }

  get cryptographyKey() {
    return this.#secrets.cryptographyKey;
  }

  get cryptographyKeys() {
    return this.#secrets.cryptographyKeys;
  }

  get clients() {
    return this.#secrets.clients;
  }

  get headers() {
    return this.#secrets.headers;
  }

  get failedAttemptsStore() {
    return this.#secrets.failedAttemptsStore;
  }

  toJSON(): Record<string, unknown> {
    return { ...this.#shown };
  }

  [inspect.custom](): Record<string, unknown> {
    return this.toJSON();
  }
}

export function concealed(config: FastauthConfig): FastauthConfig {
  return new ConcealedConfig(config) as unknown as FastauthConfig;
}

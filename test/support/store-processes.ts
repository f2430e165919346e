import { resolve } from 'node:path';
import type { StoreProcessOptions } from 'nestjs-fastauth/store-contract';
import type { FastauthConfig } from '../../src/config/fastauth-config.js';

/**
 * How a process of its own opens the store that this `database-url` names.
 * @param config further keys, for the store and for the TokenService on it
 */
export function processOn(databaseUrl: string, config: Partial<FastauthConfig> = {}): StoreProcessOptions {
  return {
    module: resolve('test/support/store-of-url.mjs'),
    argument: JSON.stringify({ databaseUrl, ...config }),
    config,
  };
}

import { Logger, type ModuleMetadata, type Provider } from '@nestjs/common';
import { FASTAUTH_CONFIG, type FastauthConfig, originOf } from '../config/fastauth-config.js';
import { type Given, givenProvider } from '../config/given-provider.js';
import { TokenStore } from '../sessions/token-store.js';
import { createTokenStore } from './open-store.js';

/** Stores that `database-url` names; others are the application's own. */
const STORES_OF_URL = new WeakSet<TokenStore>();

const STORE_OF_URL: Provider = {
  provide: TokenStore,
  inject: [FASTAUTH_CONFIG],
  useFactory: async (config: FastauthConfig) => {
    const store = await createTokenStore(config);
    STORES_OF_URL.add(store);
    return store;
  },
};

/** @param store of the application's own; undefined: the one that `database-url` names */
export function storesProviders(store: Given<TokenStore> | undefined): ModuleMetadata {
  return {
    providers: [store === undefined ? STORE_OF_URL : givenProvider(TokenStore, store)],
    exports: [TokenStore],
  };
}

/** Opens the store; where that fails, says which setting named it. */
export async function openTokenStore(store: TokenStore, config: FastauthConfig): Promise<void> {
  try {
    await store.open();
  } catch (error) {
    const origin = STORES_OF_URL.has(store) ? originOf(config, 'databaseUrl') : undefined;
    if (origin !== undefined)
      new Logger('Fastauth').error(`The store that is set by ${origin} did not open.`);
    throw error;
  }
}

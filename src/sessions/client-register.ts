import type { TokenStore } from './token-store.js';

/** A store whose backend knows its clients by itself, so that a token may be of one that it does not have. */
export interface ClientRegister extends TokenStore {
  /** @throws StoreUnavailableError */
  hasClient(clientId: string): Promise<boolean>;
}

export function isClientRegister(store: TokenStore): store is ClientRegister {
  return 'hasClient' in store && typeof store.hasClient === 'function';
}

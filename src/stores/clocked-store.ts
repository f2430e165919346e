import type { TokenStore } from '../sessions/token-store.js';

/** A store whose backend has a clock of its own that can be asked. */
export interface ClockedStore extends TokenStore {
  /**
   * What the backend's clock shows, in epoch seconds.
   * @throws StoreUnavailableError it does not answer, or does not tell
   */
  time(): Promise<number>;
}

export function hasClock(store: TokenStore): store is ClockedStore {
  return 'time' in store && typeof store.time === 'function';
}

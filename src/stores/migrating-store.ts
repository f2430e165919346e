import type { TokenStore } from '../sessions/token-store.js';

/** A store that keeps sessions in tables that have to be made. */
export interface MigratingStore extends TokenStore {
  /**
   * Makes the tables, or brings them up to date. Safe to call again, and from several processes at once.
   * @returns the names of the steps taken; empty when there was nothing to do
   */
  migrate(): Promise<readonly string[]>;

  /** The names of the steps that {@link migrate} would take. The store must be open. @throws StoreUnavailableError */
  pendingMigrations(): Promise<readonly string[]>;
}

export function isMigrating(store: TokenStore): store is MigratingStore {
  return 'migrate' in store && typeof store.migrate === 'function';
}

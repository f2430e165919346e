import type { FastauthConfig } from '../config/fastauth-config.js';
import type { TokenStore } from '../sessions/token-store.js';
import { createTokenStore } from '../stores/open-store.js';
import { CommandError, EXIT } from './command-output.js';

/**
 * Runs an action on the configured store, and closes it.
 * @throws CommandError the store is one that only the application's process has
 */
export async function withStore<T>(
  config: FastauthConfig,
  action: (store: TokenStore) => Promise<T>,
): Promise<T> {
  if (config.databaseUrl.startsWith('memory:')) {
    throw new CommandError(
      'The memory: store lives in the process of the application; no other process can use it.',
      EXIT.misuse,
    );
  }
  const store = await createTokenStore(config);
  await store.open();
  try {
    return await action(store);
  } finally {
    await store.close();
  }
}

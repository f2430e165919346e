import type { FastauthConfig } from '../config/fastauth-config.js';
import { type ClientKeepingStore, keepsClients } from '../sessions/client-store.js';
import { CommandError, EXIT } from './command-output.js';
import { withStore } from './with-store.js';

/**
 * Runs an action on the configured store, which keeps clients, and closes it.
 * @throws CommandError the store keeps no clients
 */
export function withClientStore<T>(
  config: FastauthConfig,
  action: (store: ClientKeepingStore) => Promise<T>,
): Promise<T> {
  return withStore(config, (store) => {
    if (!keepsClients(store)) {
      throw new CommandError(
        'The REST persistence API keeps no clients. List them as "clients" in the configuration, or use another store.',
        EXIT.misuse,
      );
    }
    return action(store);
  });
}

/** @throws CommandError */
export function noSuchClient(clientId: string, config: FastauthConfig): CommandError {
  const isConfigured = config.clients.some((client) => client.clientId === clientId);
  return new CommandError(
    isConfigured
      ? `The client ${JSON.stringify(clientId)} is one of the configuration; change it there ("clients").`
      : `There is no client ${JSON.stringify(clientId)}. "fastauth client list" tells which there are.`,
  );
}

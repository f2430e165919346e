import type { ClientMethod } from '../config/client-entries.js';
import { SECRETS_PER_CLIENT } from '../config/client-entries.js';
import { clientSecretHash } from '../config/client-secret.js';
import { randomBytes } from '../keys/random.js';
import type { ClientRecord } from '../sessions/client-record.js';
import type { ClientStore, StoredClient } from '../sessions/client-store.js';

/** How a secret starts says what it is, to people and to scanners for leaked secrets. */
const SECRET_PREFIX = 'fa_cs_';
const SECRET_BYTES = 32;
/** Each one fails only if somebody else changes the same client just then. */
const ATTEMPTS = 10;

/** A secret of 256 random bits. It is shown once: what is kept is its hash. */
export function newClientSecret(): string {
  return SECRET_PREFIX + randomBytes(SECRET_BYTES).toString('base64url');
}

export function usesSecrets(method: ClientMethod): boolean {
  return method !== 'private_key_jwt';
}

/** @returns false if there is a client of this identifier, which is left as it is */
export function addClient(store: ClientStore, record: ClientRecord): Promise<boolean> {
  return store.insert({ ...record, revision: newRevision() });
}

/**
 * Changes a client, by compare-and-swap.
 * @returns the client as it is now; undefined: there is none
 * @throws Error others change it all the time
 */
export async function changeClient(
  store: ClientStore,
  clientId: string,
  change: (client: ClientRecord) => ClientRecord,
): Promise<ClientRecord | undefined> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const stored = await store.find(clientId);
    if (stored === undefined) return undefined;
    const changed: StoredClient = { ...change(stored), clientId, revision: newRevision() };
    if (await store.replace(changed, stored.revision)) return changed;
  }
  throw new Error(`The client ${JSON.stringify(clientId)} is being changed by others. Try again.`);
}

/**
 * With another secret: the latest one stays good until the next rotation.
 * @param keepsLatest `false`: only the new one is good from now on
 */
export function withSecret(client: ClientRecord, secret: string, keepsLatest = true): ClientRecord {
  const kept = keepsLatest ? client.secretHashes.slice(-(SECRETS_PER_CLIENT - 1)) : [];
  return { ...client, secretHashes: [...kept, clientSecretHash(secret)] };
}

/** With its latest secret alone. */
export function withLatestSecret(client: ClientRecord): ClientRecord {
  return { ...client, secretHashes: client.secretHashes.slice(-1) };
}

function newRevision(): string {
  return randomBytes(16).toString('base64url');
}

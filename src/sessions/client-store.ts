import type { ClientRecord } from './client-record.js';
import type { TokenStore } from './token-store.js';

/** A client as a store keeps it. */
export interface StoredClient extends ClientRecord {
  /** 16 random bytes as base64url, others with each write: what {@link ClientStore.replace} compares. */
  readonly revision: string;
}

/** A part of a store's clients. */
export interface ClientPage {
  readonly clients: readonly StoredClient[];
  /** What {@link ListClients.after} has to be for the next part; undefined: there is none. */
  readonly next: string | undefined;
}

/** Which part of a store's clients. */
export interface ListClients {
  /** Only clients whose identifier comes after this one; undefined: from the first one on. */
  readonly after?: string | undefined;
  /** How many at most; 1 or more. */
  readonly limit: number;
}

/** What may be used once, such as the `jti` of a client's assertion (RFC 7523 section 3). */
export interface SingleUse {
  /** At most 256 characters of ASCII. */
  readonly id: string;
  /** Until when it has to be remembered (epoch seconds). */
  readonly expiresAt: number;
  /** Now (epoch seconds). */
  readonly now: number;
}

/**
 * Where clients with credentials of their own are kept, beside their sessions. The rules of {@link TokenStore} hold:
 * each method is atomic across all processes, an acknowledged write is durable as far as the store promises, reads see
 * every acknowledged write of any process, and a fault of the backend rejects with `StoreUnavailableError`.
 * The suite `describeClientStoreContract` in `nestjs-fastauth/store-contract` checks them.
 */
export abstract class ClientStore {
  abstract find(clientId: string): Promise<StoredClient | undefined>;

  /** In the order of the identifiers' UTF-8 bytes. For administration: it may cost as much as there are clients. */
  abstract list(part: ListClients): Promise<ClientPage>;

  /** @returns whether it did; `false`: there is a client of this identifier, which is left untouched */
  abstract insert(client: StoredClient): Promise<boolean>;

  /**
   * Compare-and-swap: puts `client` in place of the stored one if that has this revision.
   * @returns whether it did; `false` leaves the store untouched
   */
  abstract replace(client: StoredClient, revision: string): Promise<boolean>;

  /** @returns whether there was one */
  abstract remove(clientId: string): Promise<boolean>;

  /**
   * Marks something as used, and remembers it until it expires.
   * @returns whether this call was the first one, over all processes
   */
  abstract useOnce(use: SingleUse): Promise<boolean>;
}

/** A store that can keep clients, too. The REST persistence API cannot. */
export interface ClientKeepingStore extends TokenStore {
  /** Open while the store is. */
  readonly clients: ClientStore;
}

export function keepsClients(store: TokenStore): store is ClientKeepingStore {
  const { clients } = store as Partial<ClientKeepingStore>;
  return typeof clients === 'object' && typeof clients.useOnce === 'function';
}

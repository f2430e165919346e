import {
  type ClientPage,
  ClientStore,
  type ListClients,
  type SingleUse,
  type StoredClient,
} from '../../sessions/client-store.js';
import { ExpiryQueue, type Expiring } from '../../sessions/expiry-queue.js';
import { clientPage, pageOf } from '../client-pages.js';
import { revisionBytes } from '../client-record.codec.js';

/** More than what comes in with one call, so that they become fewer. */
const DROPPED_AT_A_TIME = 2;

interface Used extends Expiring {
  readonly id: string;
}

/** Clients in this process' memory. */
export class MemoryClientStore extends ClientStore {
  readonly #clients = new Map<string, StoredClient>();
  readonly #used = new Map<string, Used>();
  readonly #expiries = new ExpiryQueue<Used>();

  async find(clientId: string): Promise<StoredClient | undefined> {
    return this.#clients.get(clientId);
  }

  async list(part: ListClients): Promise<ClientPage> {
    const clients = pageOf(this.#clients.keys(), part).map(
      (clientId) => this.#clients.get(clientId) as StoredClient,
    );
    return clientPage(clients, part.limit);
  }

  async insert(client: StoredClient): Promise<boolean> {
    revisionBytes(client.revision);
    if (this.#clients.has(client.clientId)) return false;
    this.#clients.set(client.clientId, client);
    return true;
  }

  async replace(client: StoredClient, revision: string): Promise<boolean> {
    revisionBytes(client.revision);
    if (this.#clients.get(client.clientId)?.revision !== revision) return false;
    this.#clients.set(client.clientId, client);
    return true;
  }

  async remove(clientId: string): Promise<boolean> {
    return this.#clients.delete(clientId);
  }

  async useOnce({ id, expiresAt, now }: SingleUse): Promise<boolean> {
    for (let dropped = 0; dropped < DROPPED_AT_A_TIME; dropped++) {
      const first = this.#expiries.first;
      if (first === undefined || first.expiresAt >= now) break;
      this.#expiries.remove(first);
      this.#used.delete(first.id);
    }
    if (this.#used.has(id)) return false;
    const used = { id, expiresAt, queueIndex: -1 };
    this.#used.set(id, used);
    this.#expiries.add(used);
    return true;
  }
}

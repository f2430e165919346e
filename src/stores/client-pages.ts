import type { ClientPage, ListClients, StoredClient } from '../sessions/client-store.js';

/** In the order of UTF-8 bytes, which all stores list clients in. */
export function byUtf8(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/** Of all identifiers of a store, those of one part, and one more if there are more. */
export function pageOf(clientIds: Iterable<string>, { after, limit }: ListClients): string[] {
  return [...clientIds]
    .filter((clientId) => after === undefined || byUtf8(clientId, after) > 0)
    .sort(byUtf8)
    .slice(0, limit + 1);
}

/** @param clients those of the part, in order, and one more if there are more */
export function clientPage(clients: readonly StoredClient[], limit: number): ClientPage {
  const page = clients.slice(0, limit);
  return { clients: page, next: clients.length > limit ? page.at(-1)?.clientId : undefined };
}

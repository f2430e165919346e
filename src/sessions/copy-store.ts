import { type Clock, SystemClock } from '../clock.js';
import { StoreUnavailableError } from '../errors.js';
import { isClientRegister } from './client-register.js';
import { keepsClients, type StoredClient } from './client-store.js';
import { copyClient } from './copied-client.js';
import { copiedSession, hasEndedAtSource } from './copied-session.js';
import { everySession } from './every-session.js';
import { sessionExpiresAt, type SessionRecord } from './session-record.js';
import type { TokenStore } from './token-store.js';

/** Which stores, both open, and what of them. */
export interface CopyStoreOptions {
  readonly from: TokenStore;
  readonly to: TokenStore;
  /** Whose sessions are copied. Default: everybody's; the REST persistence API cannot list them, and needs this. */
  readonly clientIds?: Iterable<string> | AsyncIterable<string> | undefined;
  /** Told now and then how many of `clientIds`, or without them how many sessions, have been looked at. */
  readonly onProgress?: ((done: number) => void) | undefined;
  /** Default: the system's. */
  readonly clock?: Clock | undefined;
}

/** What {@link copyStore} did. */
export interface StoreCopy {
  /** Sessions that were put, revoked ones among them. */
  readonly copied: number;
  /** Sessions that were there already, in this or a later state, and stay as they are. */
  readonly present: number;
  /** Sessions past their end, which are left behind. */
  readonly expired: number;
  /** Sessions copied earlier that were ended, since the persistence API has closed or replaced them by now. */
  readonly ended: number;
  /** Clients with credentials of their own that were put; 0 where one of the stores keeps none. */
  readonly clientsCopied: number;
  /** Clients that were changed in the store copied to, and stay as they are there. */
  readonly clientsChanged: readonly string[];
  /** Those of `clientIds` that the persistence API does not know. */
  readonly unknownClients: readonly string[];
  /** Those of `clientIds` whose record in the persistence API cannot be used. */
  readonly unreadableClients: readonly string[];
}

/** How many sessions are copied at once. */
const AT_ONCE = 16;
const CLIENTS_AT_ONCE = 100;
const NAME_THEM = 'This store cannot list its clients; name those whose sessions to copy (clientIds).';

/**
 * Copies sessions, and clients with credentials of their own, from one store to another. Tokens stay good, since no
 * secret is in a store: the application that uses the other one needs the same keys. It may be stopped at any time and
 * be called again; what is there already stays as it is, and what went on in either store is later than a copy of it.
 * @throws TypeError the REST persistence API cannot list its sessions, or keep those of another store
 * @throws StoreUnavailableError what was copied until then stays copied
 * @example
 * await copyStore({ from: new LmdbTokenStore({ folder: '.fastauth' }), to: redis });
 */
export async function copyStore(options: CopyStoreOptions): Promise<StoreCopy> {
  const { clientIds, onProgress, clock = new SystemClock() } = options;
  const copy = new Copy(options.from, options.to, clock.now() / 1000);
  if (clientIds === undefined) {
    await copy.everyClient();
    await inParts(everySession(options.from, NAME_THEM), (record) => copy.session(record), onProgress);
  } else await inParts(clientIds, (clientId) => copy.sessionsOf(clientId), onProgress);
  return copy.result();
}

class Copy {
  readonly #counts = { copied: 0, present: 0, expired: 0, ended: 0, clientsCopied: 0 };
  readonly #names = {
    clientsChanged: new Set<string>(),
    unknownClients: new Set<string>(),
    unreadableClients: new Set<string>(),
  };

  constructor(
    private readonly from: TokenStore,
    private readonly to: TokenStore,
    private readonly now: number,
  ) {
    if (isClientRegister(to) && !isClientRegister(from)) {
      throw new TypeError(
        'The REST persistence API keeps tokens in plain text, and other stores have digests alone: nothing can be copied to it.',
      );
    }
  }

  result(): StoreCopy {
    const { clientsChanged, unknownClients, unreadableClients } = this.#names;
    return {
      ...this.#counts,
      clientsChanged: [...clientsChanged],
      unknownClients: [...unknownClients],
      unreadableClients: [...unreadableClients],
    };
  }

  async everyClient(): Promise<void> {
    if (!keepsClients(this.from)) return;
    let after: string | undefined;
    do {
      const page = await this.from.clients.list({ after, limit: CLIENTS_AT_ONCE });
      for (const client of page.clients) await this.client(client);
      after = page.next;
    } while (after !== undefined);
  }

  async client(client: StoredClient | undefined): Promise<void> {
    if (client === undefined || !keepsClients(this.to)) return;
    const outcome = await copyClient(client, this.to.clients);
    if (outcome === 'copied') this.#counts.clientsCopied++;
    if (outcome === 'changed') this.#names.clientsChanged.add(client.clientId);
  }

  async session(record: SessionRecord): Promise<void> {
    if (sessionExpiresAt(record) < Math.floor(this.now)) {
      this.#counts.expired++;
      return;
    }
    const copied = copiedSession(record, this.to);
    const isPut = await this.to.restore(copied, this.now);
    this.#counts[isPut ? 'copied' : 'present']++;
    const { lastUsedAt: usedAt } = record;
    // A use of the same second is known already.
    if (usedAt !== undefined) await this.to.touch(copied, { usedAt, period: 1 });
  }

  async sessionsOf(clientId: string): Promise<void> {
    if (keepsClients(this.from)) await this.client(await this.from.clients.find(clientId));
    const sessions = await this.#list(clientId);
    if (sessions === undefined) return;
    for (const record of sessions) await this.session(record);
    if (isClientRegister(this.from)) await this.#follow(clientId, sessions[0]);
  }

  /** Undefined where there is nothing to be read. */
  async #list(clientId: string): Promise<readonly SessionRecord[] | undefined> {
    try {
      const sessions = await this.from.list(clientId);
      if (sessions.length > 0 || !isClientRegister(this.from)) return sessions;
      if (await this.from.hasClient(clientId)) return sessions;
      this.#names.unknownClients.add(clientId);
    } catch (error) {
      if (!(error instanceof StoreUnavailableError && error.answered)) throw error;
      this.#names.unreadableClients.add(clientId);
    }
    return undefined;
  }

  /** Ends what was copied earlier and has ended since, in a store that says so by having another session, or none. */
  async #follow(clientId: string, session: SessionRecord | undefined): Promise<void> {
    // It has one session for each client, too, and cannot tell which one it was.
    if (isClientRegister(this.to)) return;
    const current = session && copiedSession(session, this.to);
    for (const stored of await this.to.list(clientId)) {
      if (!hasEndedAtSource(stored, current)) continue;
      if (await this.to.revoke(stored, Math.floor(this.now))) this.#counts.ended++;
    }
  }
}

async function inParts<T>(
  items: Iterable<T> | AsyncIterable<T>,
  action: (item: T) => Promise<void>,
  onProgress: (done: number) => void = () => undefined,
): Promise<void> {
  let done = 0;
  let part: T[] = [];
  const finish = async (): Promise<void> => {
    await Promise.all(part.map(action));
    onProgress((done += part.length));
    part = [];
  };
  for await (const item of items) if (part.push(item) === AT_ONCE) await finish();
  await finish();
}

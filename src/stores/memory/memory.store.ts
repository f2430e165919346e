import { ExpiryQueue, type Expiring } from '../../sessions/expiry-queue.js';
import {
  isLaterState,
  isSuccessor,
  isToRevoke,
  keyUseOf,
  oldestFirst,
  surplusSessions,
} from '../../sessions/live-sessions.js';
import {
  isRefreshable,
  sessionExpiresAt,
  type SessionKey,
  type SessionRecord,
  type SessionTokens,
  type TokenPair,
} from '../../sessions/session-record.js';
import type { ClientKeepingStore } from '../../sessions/client-store.js';
import { SessionWatchers } from '../../sessions/session-watchers.js';
import {
  type KeyUse,
  type ListAllOptions,
  type SessionPage,
  type SessionUse,
  TokenStore,
  type RevokeFilter,
  type SessionWatcher,
} from '../../sessions/token-store.js';
import { MemoryClientStore } from './memory.clients.js';
import { MemoryGrants } from './memory.grants.js';

/**
 * Keeps sessions in this process' memory: for tests and for apps that may forget every session at a restart.
 * Finding, rotating and revoking cost a map look-up; inserting looks at the client's own live sessions only,
 * and at none of them but those that it ends where there is no refresh token.
 */
export class MemoryTokenStore extends TokenStore implements ClientKeepingStore {
  readonly clients = new MemoryClientStore();
  readonly #clients = new Map<string, ClientSessions>();
  readonly #expiries = new ExpiryQueue<StoredSession>();
  readonly #watchers = new SessionWatchers();

  find(key: SessionKey): SessionRecord | undefined {
    return this.#stored(key)?.record;
  }

  async insert(
    record: SessionRecord,
    _tokens: SessionTokens,
    sessionsPerClient: number,
  ): Promise<readonly SessionRecord[]> {
    const removed = isRefreshable(record)
      ? surplusSessions(this.#liveOf(record.clientId), record, sessionsPerClient)
      : (this.#clients.get(record.clientId)?.grants.surplus(record, sessionsPerClient) ?? []);
    for (const surplus of removed) this.#drop(surplus);
    this.#put(record);
    return removed;
  }

  async rotate(record: SessionRecord, _pair: TokenPair): Promise<boolean> {
    const stored = this.find(record);
    if (!isSuccessor(record, stored)) return false;
    this.#put({ ...record, label: stored.label });
    return true;
  }

  async label(key: SessionKey, label: string | undefined): Promise<boolean> {
    const stored = this.#stored(key);
    if (stored === undefined || stored.record.revokedAt !== undefined) return false;
    stored.record = { ...stored.record, label };
    return true;
  }

  async revoke(key: SessionKey, revokedAt: number): Promise<boolean> {
    const stored = this.#stored(key);
    if (stored === undefined || stored.record.revokedAt !== undefined) return false;
    this.#put({ ...stored.record, revokedAt });
    return true;
  }

  async revokeClient(
    clientId: string,
    revokedAt: number,
    filter: RevokeFilter = {},
  ): Promise<readonly string[]> {
    const revoked = this.#liveOf(clientId).filter((record) => isToRevoke(record, filter));
    for (const record of revoked) this.#put({ ...record, revokedAt });
    return revoked.map((record) => record.familyId);
  }

  async list(clientId: string): Promise<readonly SessionRecord[]> {
    const { live = [], revoked = [] } = this.#clients.get(clientId) ?? {};
    return [...live.values(), ...revoked.values()].map(listed).sort(oldestFirst);
  }

  async listAll({ cursor, limit }: ListAllOptions): Promise<SessionPage> {
    const names = Array.from(this.#all(), (stored) => ({ stored, name: nameOf(stored.record) }))
      .filter(({ name }) => cursor === undefined || name > cursor)
      .sort((a, b) => (a.name < b.name ? -1 : 1));
    const page = names.slice(0, limit);
    return {
      sessions: page.map(({ stored }) => listed(stored)),
      next: names.length > page.length ? page.at(-1)?.name : undefined,
    };
  }

  async touch(key: SessionKey, { usedAt, period }: SessionUse): Promise<void> {
    const stored = this.#stored(key);
    if (stored !== undefined && usedAt >= (stored.lastUsedAt ?? -Infinity) + period)
      stored.lastUsedAt = usedAt;
  }

  async restore(record: SessionRecord, _now: number): Promise<boolean> {
    if (!isLaterState(record, this.find(record))) return false;
    this.#put(record);
    return true;
  }

  async sweep(now: number, limit: number): Promise<number> {
    let dropped = 0;
    for (; dropped < limit; dropped++) {
      const first = this.#expiries.first;
      if (first === undefined || first.expiresAt >= now) break;
      this.#drop(first.record);
    }
    return dropped;
  }

  async keyUse(now: number): Promise<readonly KeyUse[]> {
    return keyUseOf(this.#live(), now);
  }

  watch(watcher: SessionWatcher): () => void {
    return this.#watchers.add(watcher);
  }

  async ping(): Promise<void> {}

  async open(): Promise<void> {}

  async close(): Promise<void> {}

  #stored({ clientId, familyId }: SessionKey): StoredSession | undefined {
    if (familyId === undefined) return undefined;
    const client = this.#clients.get(clientId);
    return client?.live.get(familyId) ?? client?.revoked.get(familyId);
  }

  #liveOf(clientId: string): SessionRecord[] {
    return Array.from(this.#clients.get(clientId)?.live.values() ?? [], ({ record }) => record);
  }

  *#all(): Iterable<StoredSession> {
    for (const { live, revoked } of this.#clients.values()) {
      yield* live.values();
      yield* revoked.values();
    }
  }

  *#live(): Iterable<SessionRecord> {
    for (const { live } of this.#clients.values()) for (const { record } of live.values()) yield record;
  }

  #put(record: SessionRecord): void {
    const kept = record.plainPair === undefined ? record : { ...record, plainPair: undefined };
    const stored = this.#stored(record);
    if (stored !== undefined) {
      stored.record = kept;
      this.#place(stored);
      this.#expiries.reschedule(stored, sessionExpiresAt(kept));
      this.#watchers.notify(kept);
      return;
    }
    const added: StoredSession = { record: kept, expiresAt: sessionExpiresAt(kept), queueIndex: -1 };
    this.#place(added);
    this.#expiries.add(added);
  }

  /** Among the live sessions of its client, or among the revoked ones. */
  #place(stored: StoredSession): void {
    const { clientId, familyId, revokedAt } = stored.record;
    const client = this.#clients.get(clientId) ?? newClient();
    this.#clients.set(clientId, client);
    if (revokedAt !== undefined) client.grants.remove(stored.record);
    else if (!isRefreshable(stored.record)) client.grants.add(stored);
    const [place, other] =
      revokedAt === undefined ? [client.live, client.revoked] : [client.revoked, client.live];
    place.set(familyId, stored);
    other.delete(familyId);
  }

  #drop(record: SessionRecord): void {
    const { clientId, familyId } = record;
    const client = this.#clients.get(clientId);
    const stored = this.#stored(record);
    if (client === undefined || stored === undefined) return;
    this.#expiries.remove(stored);
    client.grants.remove(record);
    client.live.delete(familyId);
    client.revoked.delete(familyId);
    if (client.live.size + client.revoked.size === 0) this.#clients.delete(clientId);
    this.#watchers.notify(stored.record);
  }
}

/** Revoked sessions stand apart, so that a login passes the live ones of its client only. */
interface ClientSessions {
  readonly live: Map<string, StoredSession>;
  readonly revoked: Map<string, StoredSession>;
  /** Of the live ones, those without a refresh token. */
  readonly grants: MemoryGrants;
}

function newClient(): ClientSessions {
  return { live: new Map(), revoked: new Map(), grants: new MemoryGrants() };
}

interface StoredSession extends Expiring {
  record: SessionRecord;
  lastUsedAt?: number;
}

function listed({ record, lastUsedAt }: StoredSession): SessionRecord {
  return lastUsedAt === undefined ? record : { ...record, lastUsedAt };
}

/** By which all sessions are ordered. */
function nameOf({ clientId, familyId }: SessionRecord): string {
  return JSON.stringify([clientId, familyId]);
}

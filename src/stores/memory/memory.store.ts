import { ExpiryQueue, type Expiring } from '../../sessions/expiry-queue.js';
import {
  isSuccessor,
  isToRevoke,
  keyUseOf,
  oldestFirst,
  surplusSessions,
} from '../../sessions/live-sessions.js';
import {
  sessionExpiresAt,
  type SessionKey,
  type SessionRecord,
  type SessionTokens,
  type TokenPair,
} from '../../sessions/session-record.js';
import { SessionWatchers } from '../../sessions/session-watchers.js';
import {
  type KeyUse,
  TokenStore,
  type RevokeFilter,
  type SessionWatcher,
} from '../../sessions/token-store.js';

/**
 * Keeps sessions in this process' memory: for tests and for apps that may forget every session at a restart.
 * Finding, rotating and revoking cost a map look-up; inserting looks at the client's own live sessions only.
 */
export class MemoryTokenStore extends TokenStore {
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
    const removed = surplusSessions(this.#liveOf(record.clientId), record, sessionsPerClient);
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
    return [...live.values(), ...revoked.values()].map(({ record }) => record).sort(oldestFirst);
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
    const client = this.#clients.get(clientId) ?? { live: new Map(), revoked: new Map() };
    this.#clients.set(clientId, client);
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
}

interface StoredSession extends Expiring {
  record: SessionRecord;
}

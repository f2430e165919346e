import {
  sessionExpiresAt,
  type SessionKey,
  type SessionRecord,
  type SessionTokens,
  type TokenPair,
} from '../tokens/session-record.js';
import { ExpiryQueue, type Expiring } from '../tokens/expiry-queue.js';
import { isSuccessor, isToRevoke, keyUseOf, oldestFirst, surplusSessions } from './live-sessions.js';
import { SessionWatchers } from './session-watchers.js';
import { type KeyUse, TokenStore, type RevokeFilter, type SessionWatcher } from './token-store.js';

/**
 * Keeps sessions in this process' memory: for tests and for apps that may forget every session at a restart.
 * Finding, rotating and revoking cost a map look-up; inserting looks at the client's own sessions only.
 */
export class MemoryTokenStore extends TokenStore {
  readonly #clients = new Map<string, Map<string, StoredSession>>();
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
    const removed = surplusSessions(this.#recordsOf(record.clientId), record, sessionsPerClient);
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
    stored.record = { ...stored.record, revokedAt };
    this.#watchers.notify(stored.record);
    return true;
  }

  async revokeClient(
    clientId: string,
    revokedAt: number,
    filter: RevokeFilter = {},
  ): Promise<readonly string[]> {
    const revoked = this.#recordsOf(clientId).filter((record) => isToRevoke(record, filter));
    for (const record of revoked) this.#put({ ...record, revokedAt });
    return revoked.map((record) => record.familyId);
  }

  async list(clientId: string): Promise<readonly SessionRecord[]> {
    return this.#recordsOf(clientId).sort(oldestFirst);
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
    return keyUseOf(this.#records(), now);
  }

  watch(watcher: SessionWatcher): () => void {
    return this.#watchers.add(watcher);
  }

  async ping(): Promise<void> {}

  async open(): Promise<void> {}

  async close(): Promise<void> {}

  #stored({ clientId, familyId }: SessionKey): StoredSession | undefined {
    return familyId === undefined ? undefined : this.#clients.get(clientId)?.get(familyId);
  }

  #recordsOf(clientId: string): SessionRecord[] {
    return Array.from(this.#clients.get(clientId)?.values() ?? [], (stored) => stored.record);
  }

  *#records(): Iterable<SessionRecord> {
    for (const families of this.#clients.values()) for (const { record } of families.values()) yield record;
  }

  #put(record: SessionRecord): void {
    const kept = record.plainPair === undefined ? record : { ...record, plainPair: undefined };
    const stored = this.#stored(record);
    if (stored !== undefined) {
      stored.record = kept;
      this.#expiries.reschedule(stored, sessionExpiresAt(kept));
      this.#watchers.notify(kept);
      return;
    }
    const added: StoredSession = { record: kept, expiresAt: sessionExpiresAt(kept), queueIndex: -1 };
    this.#familiesOf(record.clientId).set(record.familyId, added);
    this.#expiries.add(added);
  }

  #familiesOf(clientId: string): Map<string, StoredSession> {
    const families = this.#clients.get(clientId) ?? new Map<string, StoredSession>();
    this.#clients.set(clientId, families);
    return families;
  }

  #drop({ clientId, familyId }: SessionRecord): void {
    const families = this.#clients.get(clientId);
    const stored = families?.get(familyId);
    if (families === undefined || stored === undefined) return;
    this.#expiries.remove(stored);
    families.delete(familyId);
    if (families.size === 0) this.#clients.delete(clientId);
    this.#watchers.notify(stored.record);
  }
}

interface StoredSession extends Expiring {
  record: SessionRecord;
}

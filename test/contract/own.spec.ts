import {
  type FindOptions,
  type KeyUse,
  type ListAllOptions,
  type RevokeFilter,
  type SessionKey,
  sessionExpiresAt,
  type SessionPage,
  type SessionRecord,
  type SessionUse,
  type SessionWatcher,
  type TokenPair,
  TokenStore,
} from '../../src/index.js';
import { describeTokenStoreContract } from '../../src/store-contract/index.js';

/** A store as somebody else would write it: with nothing but the package's public names. */
class MapTokenStore extends TokenStore {
  private readonly sessions = new Map<string, SessionRecord>();
  private readonly uses = new Map<string, number>();
  private readonly numbers = new Map<string, number>();
  private readonly watchers = new Set<SessionWatcher>();

  override find(key: SessionKey, _options?: FindOptions): SessionRecord | undefined {
    return this.sessions.get(nameOf(key));
  }

  override async insert(record: SessionRecord, _pair: TokenPair, sessionsPerClient: number) {
    const others = this.of(record.clientId).filter(
      (other) =>
        isLive(other, record.createdAt) &&
        other.familyId !== record.familyId &&
        // Those that cannot be refreshed are counted apart.
        (other.refreshHash === undefined) === (record.refreshHash === undefined),
    );
    const surplus = others.slice(0, Math.max(0, others.length + 1 - sessionsPerClient));
    for (const session of surplus) this.sessions.delete(nameOf(session));
    this.sessions.set(nameOf(record), record);
    for (const session of surplus) this.tell(session);
    return surplus;
  }

  override async rotate(record: SessionRecord): Promise<boolean> {
    const stored = this.find(record);
    const isSuccessor =
      stored?.revokedAt === undefined &&
      stored?.generation === record.generation - 1 &&
      stored.refreshHash !== undefined &&
      stored.refreshHash === record.previousRefreshHash;
    return isSuccessor && this.put({ ...record, label: stored.label });
  }

  override async label(key: SessionKey, label: string | undefined): Promise<boolean> {
    const stored = this.find(key);
    return stored !== undefined && stored.revokedAt === undefined && this.put({ ...stored, label });
  }

  override async revoke(key: SessionKey, revokedAt: number): Promise<boolean> {
    const stored = this.find(key);
    return stored !== undefined && stored.revokedAt === undefined && this.put({ ...stored, revokedAt });
  }

  override async revokeClient(clientId: string, revokedAt: number, filter: RevokeFilter = {}) {
    const { exceptFamilyId, issuedBefore = Infinity } = filter;
    const revoked: string[] = [];
    for (const session of this.of(clientId)) {
      if (session.familyId === exceptFamilyId || session.createdAt >= issuedBefore) continue;
      if (await this.revoke(session, revokedAt)) revoked.push(session.familyId);
    }
    return revoked;
  }

  override async list(clientId: string): Promise<readonly SessionRecord[]> {
    return this.of(clientId).map((session) => this.withUse(session));
  }

  override async sweep(now: number, limit: number): Promise<number> {
    const ended = [...this.sessions.values()].filter((session) => sessionExpiresAt(session) < now);
    for (const session of ended.slice(0, limit)) this.sessions.delete(nameOf(session));
    return Math.min(ended.length, limit);
  }

  override async keyUse(now: number): Promise<readonly KeyUse[]> {
    const uses = new Map<string | undefined, KeyUse>();
    for (const session of this.sessions.values()) {
      if (!isLive(session, now)) continue;
      const { sessions = 0, until = 0 } = uses.get(session.kid) ?? {};
      uses.set(session.kid, {
        kid: session.kid,
        sessions: sessions + 1,
        until: Math.max(until, sessionExpiresAt(session)),
      });
    }
    return [...uses.values()];
  }

  override async listAll({ cursor = '0', limit }: ListAllOptions): Promise<SessionPage> {
    // Sessions stand in the order in which they came, so that none moves to a part that was listed before.
    const all = [...this.sessions.values()].filter((session) => this.numberOf(session) > Number(cursor));
    const page = all.slice(0, limit);
    const last = page.at(-1);
    const hasMore = all.length > page.length && last !== undefined;
    return {
      sessions: page.map((session) => this.withUse(session)),
      next: hasMore ? String(this.numberOf(last)) : undefined,
    };
  }

  override async touch(key: SessionKey, { usedAt, period }: SessionUse): Promise<void> {
    if (usedAt >= (this.uses.get(nameOf(key)) ?? -Infinity) + period) this.uses.set(nameOf(key), usedAt);
  }

  override async restore(record: SessionRecord): Promise<boolean> {
    const stored = this.find(record);
    const isLater =
      stored === undefined ||
      (stored.revokedAt === undefined &&
        (record.revokedAt !== undefined ||
          record.generation > stored.generation ||
          (record.generation === 0 && stored.generation === 0 && record.createdAt > stored.createdAt)));
    return isLater && this.put(record);
  }

  private numberOf(session: SessionRecord): number {
    const number = this.numbers.get(nameOf(session)) ?? this.numbers.size + 1;
    this.numbers.set(nameOf(session), number);
    return number;
  }

  private withUse(session: SessionRecord): SessionRecord {
    const lastUsedAt = this.uses.get(nameOf(session));
    return lastUsedAt === undefined ? session : { ...session, lastUsedAt };
  }

  override watch(watcher: SessionWatcher): () => void {
    this.watchers.add(watcher);
    return () => this.watchers.delete(watcher);
  }

  override async ping(): Promise<void> {}

  override async open(): Promise<void> {}

  override async close(): Promise<void> {
    this.watchers.clear();
  }

  /** Oldest first. */
  private of(clientId: string): SessionRecord[] {
    return [...this.sessions.values()]
      .filter((session) => session.clientId === clientId)
      .sort((one, other) => one.createdAt - other.createdAt);
  }

  private put(record: SessionRecord): true {
    this.sessions.set(nameOf(record), record);
    this.tell(record);
    return true;
  }

  private tell({ clientId, familyId }: SessionRecord): void {
    for (const watcher of this.watchers) watcher({ clientId, familyId });
  }
}

function nameOf({ clientId, familyId }: SessionKey): string {
  return JSON.stringify([clientId, familyId]);
}

function isLive(session: SessionRecord, at: number): boolean {
  return session.revokedAt === undefined && sessionExpiresAt(session) >= Math.floor(at);
}

describeTokenStoreContract('A store with public names only', {
  open: async () => {
    const store = new MapTokenStore();
    await store.open();
    return store;
  },
});

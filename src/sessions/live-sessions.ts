import { sessionExpiresAt, type SessionRecord } from './session-record.js';
import type { KeyUse, RevokeFilter } from './token-store.js';

/** Whether the session is neither revoked nor past its last second at `at` (epoch seconds). */
export function isLive(record: SessionRecord, at: number): boolean {
  return record.revokedAt === undefined && sessionExpiresAt(record) >= Math.floor(at);
}

/** Comparator: the oldest session first. */
export function oldestFirst(a: SessionRecord, b: SessionRecord): number {
  return a.createdAt - b.createdAt;
}

/**
 * Which of the client's stored sessions must go so that at most `sessionsPerClient` live ones remain once
 * `record` stands among them: the oldest live ones, never `record` itself.
 */
export function surplusSessions(
  stored: readonly SessionRecord[],
  record: SessionRecord,
  sessionsPerClient: number,
): readonly SessionRecord[] {
  const others = stored.filter(
    (other) => other.familyId !== record.familyId && isLive(other, record.createdAt),
  );
  const surplus = others.length + 1 - Math.max(1, sessionsPerClient);
  return surplus > 0 ? others.sort(oldestFirst).slice(0, surplus) : [];
}

/** Whether `next` may take the place of `stored`: the compare of the port's compare-and-swap. */
export function isSuccessor(next: SessionRecord, stored: SessionRecord | undefined): stored is SessionRecord {
  return (
    stored !== undefined &&
    stored.revokedAt === undefined &&
    stored.refreshHash !== undefined &&
    stored.generation === next.generation - 1 &&
    stored.refreshHash === next.previousRefreshHash
  );
}

/** Whether revoking a client's sessions under this filter changes this one. */
export function isToRevoke(record: SessionRecord, filter: RevokeFilter): boolean {
  return (
    record.revokedAt === undefined &&
    record.familyId !== filter.exceptFamilyId &&
    record.createdAt < (filter.issuedBefore ?? Infinity)
  );
}

/** What the port's `keyUse` answers for these sessions. */
export function keyUseOf(records: Iterable<SessionRecord>, now: number): readonly KeyUse[] {
  const uses = new Map<string | undefined, KeyUse>();
  for (const record of records) {
    if (!isLive(record, now)) continue;
    const { sessions, until } = uses.get(record.kid) ?? { sessions: 0, until: 0 };
    uses.set(record.kid, {
      kid: record.kid,
      sessions: sessions + 1,
      until: Math.max(until, sessionExpiresAt(record)),
    });
  }
  return [...uses.values()];
}

import { isRefreshable, sessionExpiresAt, type SessionRecord } from './session-record.js';
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
 * Which of the client's stored sessions must go so that at most `sessionsPerClient` live ones of its kind remain once
 * `record` is among them: the oldest live ones, never `record` itself. Sessions that can be refreshed are one kind,
 * those of client credentials another: neither pushes out the other.
 */
export function surplusSessions(
  stored: readonly SessionRecord[],
  record: SessionRecord,
  sessionsPerClient: number,
): readonly SessionRecord[] {
  const others = stored.filter(
    (other) =>
      other.familyId !== record.familyId &&
      isLive(other, record.createdAt) &&
      isRefreshable(other) === isRefreshable(record),
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

/**
 * Whether `next` is a later state of the session than the stored one: what the port's `restore` may put. Two first pairs
 * are the original's, which does not count generations: the later one is in force.
 */
export function isLaterState(next: SessionRecord, stored: SessionRecord | undefined): boolean {
  if (stored === undefined) return true;
  if (stored.revokedAt !== undefined) return false;
  if (next.revokedAt !== undefined) return true;
  const isLaterFirst = next.generation === 0 && stored.generation === 0 && next.createdAt > stored.createdAt;
  return isLaterFirst || next.generation > stored.generation;
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

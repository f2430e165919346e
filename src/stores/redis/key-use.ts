import type { Redis } from 'ioredis';
import { keyUseOf } from '../../sessions/live-sessions.js';
import type { SessionRecord } from '../../sessions/session-record.js';
import type { KeyUse } from '../../sessions/token-store.js';
import type { RedisKeys } from './keys.js';
import { sessionOfRedisValue } from './value.js';

const KEYS_A_STEP = 500;

/**
 * Looks through all sessions of all primaries, step by step, so that Redis serves others in between. Sessions that
 * come or go meanwhile may be counted or not (Redis, SCAN).
 * @param read makes one call within the store's limits
 */
export async function redisKeyUse(
  nodes: readonly Redis[],
  keys: RedisKeys,
  now: number,
  read: <T>(call: () => Promise<T>) => Promise<T>,
): Promise<readonly KeyUse[]> {
  let uses: readonly KeyUse[] = [];
  for (const node of nodes) {
    let cursor = '0';
    do {
      const [next, names] = await read(() =>
        node.scan(cursor, 'MATCH', keys.sessionPattern, 'COUNT', KEYS_A_STEP),
      );
      cursor = next;
      // One by one, since keys of several hash slots may not be asked for together.
      const values = await Promise.all(names.map((name) => read(() => node.getBuffer(name))));
      uses = sum([...uses, ...keyUseOf(recordsOf(names, values, keys), now)]);
    } while (cursor !== '0');
  }
  return uses;
}

function recordsOf(
  names: readonly string[],
  values: readonly (Buffer | null)[],
  keys: RedisKeys,
): SessionRecord[] {
  return names.flatMap((name, n) => {
    const key = keys.parse(name);
    const value = values[n];
    return key && value ? [sessionOfRedisValue(value, key.clientId, key.familyId)] : [];
  });
}

function sum(uses: readonly KeyUse[]): readonly KeyUse[] {
  const byKey = new Map<string | undefined, KeyUse>();
  for (const { kid, sessions, until } of uses) {
    const before = byKey.get(kid);
    byKey.set(kid, {
      kid,
      sessions: sessions + (before?.sessions ?? 0),
      until: Math.max(until, before?.until ?? 0),
    });
  }
  return [...byKey.values()];
}

import type { Redis } from 'ioredis';
import { StoreUnavailableError } from '../../errors.js';
import type { SessionRecord } from '../../sessions/session-record.js';
import type { ListAllOptions, SessionPage } from '../../sessions/token-store.js';
import { encodeFamily, type RedisKeys } from './keys.js';
import { sessionOfRedisValue } from './value.js';

type Read = <T>(call: () => Promise<T>) => Promise<T>;

/**
 * A part of all sessions; see `TokenStore.listAll`. A cursor is the number of a primary, in the order of their
 * addresses, and where its SCAN goes on.
 * @param read makes one call within the store's limits
 */
export async function redisListPart(
  nodes: readonly Redis[],
  keys: RedisKeys,
  { cursor = '0 0', limit }: ListAllOptions,
  read: Read,
): Promise<SessionPage> {
  const [number = '0', position = '0'] = cursor.split(' ');
  const at = Number(number);
  const node = [...nodes].sort((a, b) => (addressOf(a) < addressOf(b) ? -1 : 1))[at];
  if (node === undefined) return { sessions: [], next: undefined };
  const [next, names] = await read(() => node.scan(position, 'MATCH', keys.sessionPattern, 'COUNT', limit));
  const found = await Promise.all(names.map((name) => readNamed(node, keys, name, read)));
  const isLast = next === '0' && at === nodes.length - 1;
  return {
    sessions: found.filter((record) => record !== undefined),
    next: isLast ? undefined : next === '0' ? `${at + 1} 0` : `${at} ${next}`,
  };
}

/** One by one, since keys of several hash slots may not be asked for together. Undefined for what has left or is damaged. */
async function readNamed(
  node: Redis,
  keys: RedisKeys,
  name: string,
  read: Read,
): Promise<SessionRecord | undefined> {
  const key = keys.parse(name);
  const at = key && keys.ofClient(key.clientId);
  if (key === undefined || at === undefined) return undefined;
  const [value, used] = await Promise.all([
    read(() => node.getBuffer(name)),
    read(() => node.get(at.uses + (encodeFamily(key.familyId) ?? ''))),
  ]);
  if (value === null) return undefined;
  try {
    return withUse(sessionOfRedisValue(value, key.clientId, key.familyId), used);
  } catch (error) {
    if (error instanceof StoreUnavailableError) return undefined;
    throw error;
  }
}

/** @param used as Redis has it; null: it is not known */
export function withUse(record: SessionRecord, used: string | null | undefined): SessionRecord {
  return used === null || used === undefined ? record : { ...record, lastUsedAt: Number(used) };
}

function addressOf({ options: { host = '', port = 0 } }: Redis): string {
  return `${host}:${port}`;
}

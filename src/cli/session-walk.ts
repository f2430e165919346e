import { everySession } from '../sessions/every-session.js';
import { isLive } from '../sessions/live-sessions.js';
import type { SessionRecord } from '../sessions/session-record.js';
import type { TokenStore } from '../sessions/token-store.js';

const NAME_ONE = 'This store cannot list its clients; name one with --client.';

/**
 * The sessions that are live at `now` (epoch seconds), each once: of one client, or of all.
 * @throws TypeError the store cannot list its clients
 */
export async function liveSessions(
  store: TokenStore,
  now: number,
  clientId?: string,
): Promise<readonly SessionRecord[]> {
  const found = new Map<string, SessionRecord>();
  const add = (record: SessionRecord): void => {
    if (isLive(record, now)) found.set(JSON.stringify([record.clientId, record.familyId]), record);
  };
  if (clientId !== undefined) (await store.list(clientId)).forEach(add);
  else for await (const record of everySession(store, NAME_ONE)) add(record);
  return [...found.values()];
}

/** When a session was last heard of: it began, was refreshed, or was used as far as that is tracked. Epoch seconds. */
export function lastHeardOf({ createdAt, rotatedAt = 0, lastUsedAt = 0 }: SessionRecord): number {
  return Math.max(createdAt, rotatedAt, lastUsedAt);
}

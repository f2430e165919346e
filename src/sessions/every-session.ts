import type { SessionRecord } from './session-record.js';
import type { TokenStore } from './token-store.js';

/** How many sessions are read at a time. */
const PART = 500;

/**
 * Every session that a store has, each at least once.
 * @param refusal what is said where the store cannot list its clients
 * @throws TypeError it cannot
 */
export async function* everySession(store: TokenStore, refusal: string): AsyncIterable<SessionRecord> {
  let cursor: string | undefined;
  do {
    const page = await store.listAll({ cursor, limit: PART });
    if (page === undefined) throw new TypeError(refusal);
    yield* page.sessions;
    cursor = page.next;
  } while (cursor !== undefined);
}

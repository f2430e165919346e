import type { ListedKey } from '../keys/listed-key.js';
import type { KeyUse } from './token-store.js';

/** How many live sessions need a key, and until when (epoch seconds). */
export interface KeySessions {
  readonly sessions: number;
  readonly until: number | undefined;
}

/**
 * The live sessions that need this key: those that say so, and of a key that was there from the beginning those that
 * say nothing, because they are older than the ring.
 */
export function sessionsOf(
  key: Pick<ListedKey, 'kid' | 'acceptsMissingKid' | 'signingFrom'>,
  uses: readonly KeyUse[],
): KeySessions {
  const isFirst = key.acceptsMissingKid && key.signingFrom === undefined;
  const own = uses.filter(({ kid }) => kid === key.kid || (kid === undefined && isFirst));
  return {
    sessions: own.reduce((sum, { sessions }) => sum + sessions, 0),
    until: own.length === 0 ? undefined : Math.max(...own.map(({ until }) => until)),
  };
}

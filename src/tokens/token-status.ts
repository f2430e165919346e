import { isLegacyFamily } from '../sessions/legacy-family.js';
import type { SessionKey, SessionRecord } from '../sessions/session-record.js';

/** Which access token something long-lived, such as a socket, was opened with. The token itself is not kept. */
export interface TokenReference extends SessionKey {
  /** As {@link SessionRecord.accessHash}. */
  readonly accessHash: string;
}

/**
 * How a token that once verified stands now: the `current` one of its session; `expired`, since its key is not accepted
 * any more; `refreshed`, so that the session goes on with another; or its session was `revoked`, or is `gone` to make
 * room for a newer one.
 */
export type TokenStatus = 'current' | 'expired' | 'refreshed' | 'revoked' | 'gone';

/** How the token's session stands, whichever of its tokens is the current one. As {@link statusOf} else. */
export function sessionStatusOf(
  token: TokenReference,
  record: SessionRecord | undefined,
  isKeyAccepted: (kid: string | undefined) => boolean,
): Exclude<TokenStatus, 'refreshed'> {
  const accessHash = record?.accessHash ?? token.accessHash;
  const status = statusOf({ ...token, accessHash }, record, isKeyAccepted);
  // A store that keeps one session for each client may have another one there now.
  if (status === 'refreshed' || record === undefined) return 'gone';
  const isOther =
    token.familyId === undefined
      ? !isLegacyFamily(record.familyId, record.clientId)
      : record.familyId !== token.familyId;
  return isOther ? 'gone' : status;
}

/**
 * @param record what the store has of the token's session
 * @param isKeyAccepted whether tokens of the key with this `kid` are accepted
 */
export function statusOf(
  token: TokenReference,
  record: SessionRecord | undefined,
  isKeyAccepted: (kid: string | undefined) => boolean,
): TokenStatus {
  if (record === undefined) return 'gone';
  if (record.revokedAt !== undefined) return 'revoked';
  if (record.clientId !== token.clientId) return 'gone';
  if (record.accessHash !== token.accessHash) return 'refreshed';
  return isKeyAccepted(record.kid) ? 'current' : 'expired';
}

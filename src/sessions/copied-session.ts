import { isClientRegister } from './client-register.js';
import { isLegacyFamily, LEGACY_FAMILY_ID, legacyFamilyOf } from './legacy-family.js';
import type { SessionRecord } from './session-record.js';
import type { TokenStore } from './token-store.js';

/**
 * A session as it is put into another store. What the REST persistence API has says neither when the session began nor,
 * if it is the original's, which family it is.
 */
export function copiedSession(record: SessionRecord, to: TokenStore): SessionRecord {
  if (isClientRegister(to)) return record;
  const { plainPair, rotatedAgo: _ago, lastUsedAt: _use, ...kept } = record;
  const { clientId, familyId } = record;
  return {
    ...kept,
    familyId: familyId === LEGACY_FAMILY_ID ? legacyFamilyOf(clientId) : familyId,
    isBeginningUnknown: plainPair !== undefined || record.isBeginningUnknown === true ? true : undefined,
  };
}

/**
 * Whether a session in the store that was copied to has ended where it came from: a store of one session for each
 * client has another one by now, or (`current` is undefined) was told to end it.
 */
export function hasEndedAtSource(stored: SessionRecord, current: SessionRecord | undefined): boolean {
  const { clientId, familyId, isBeginningUnknown } = stored;
  const isCopy = isBeginningUnknown === true || isLegacyFamily(familyId, clientId);
  if (!isCopy || stored.revokedAt !== undefined) return false;
  if (current === undefined) return true;
  // One that was refreshed since went on in the new store.
  return familyId !== current.familyId && stored.previousRefreshHash === undefined;
}

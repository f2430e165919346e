import { hash } from 'node:crypto';
import { isClientRegister } from './client-register.js';
import type { SessionKey, SessionRecord } from './session-record.js';
import type { FindOptions, MaybePromise, TokenStore } from './token-store.js';

/** The family that the REST store gives to tokens that name none: those of the Python original. */
export const LEGACY_FAMILY_ID = 'legacy';

/**
 * The family of a client's session whose tokens name none, in stores that keep several sessions for each client: the
 * client's identifier tells it, so that nothing has to be looked up. The session keeps it, and its first refresh writes
 * it into the tokens.
 */
export function legacyFamilyOf(clientId: string): string {
  return `${LEGACY_FAMILY_ID}-${hash('sha256', clientId, 'base64url').slice(0, 22)}`;
}

/** Whether a family is that of tokens which name none. */
export function isLegacyFamily(familyId: string, clientId: string): boolean {
  return familyId === LEGACY_FAMILY_ID || familyId === legacyFamilyOf(clientId);
}

/** As the port's `find`, also for tokens that name no family: a session that was copied from the persistence API. */
export function findSession(
  store: TokenStore,
  key: SessionKey,
  options?: FindOptions,
): MaybePromise<SessionRecord | undefined> {
  // A store of one session for each client knows which one is meant.
  if (key.familyId !== undefined || isClientRegister(store)) return store.find(key, options);
  const { clientId } = key;
  const found = store.find(key, options);
  const legacy = (): MaybePromise<SessionRecord | undefined> =>
    store.find({ clientId, familyId: legacyFamilyOf(clientId) }, options);
  return found instanceof Promise ? found.then((record) => record ?? legacy()) : (found ?? legacy());
}

import { AMBIGUOUS, readCredentials, type CredentialSource } from '../access/credentials.js';
import { ACCESS } from '../access/demand.js';
import type { RequestAccess } from '../access/request-access.js';
import { digestOf } from '../tokens/token-digest.js';
import type { TokenReference } from '../tokens/token-standing.js';

/** The access token that a socket lives by. */
export interface HeldToken extends TokenReference {
  /** Epoch seconds. */
  readonly expiresAt: number;
}

/**
 * The token by which this source proved the access, if it was an access token.
 * @param source must be what the access was proved with
 */
export function heldToken(
  access: RequestAccess | undefined,
  source: CredentialSource,
): HeldToken | undefined {
  if (!access || !(access.proved & ACCESS)) return undefined;
  const credentials = readCredentials(source);
  if (credentials === AMBIGUOUS || credentials.accessToken === undefined) return undefined;
  const { clientId = '', familyId, expiresAt = 0 } = access.principal;
  return { clientId, familyId, accessHash: digestOf(credentials.accessToken), expiresAt };
}

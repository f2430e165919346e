import { AMBIGUOUS, readCredentials, type CredentialSource } from '../../../access/credentials.js';
import { ACCESS } from '../../../access/demand.js';
import type { RequestAccess } from '../../../access/request-access.js';
import { digestOf } from '../../../sessions/token-digest.js';
import type { TokenReference } from '../../../tokens/token-standing.js';

/** What a socket lives by: an access token, or a master token that expires. */
export interface HeldToken {
  /** Which access token; undefined: it is a master token. */
  readonly reference: TokenReference | undefined;
  /** Epoch seconds; of several tokens, when the first of them ends. */
  readonly expiresAt: number;
  /** Whether the token is all that was proved, and is of a session which is told apart from the client's others. */
  readonly hasSession: boolean;
}

/**
 * The token by which this source proved the access; undefined where it proved none that ends.
 * @param source must be what the access was proved with
 */
export function heldToken(
  access: RequestAccess | undefined,
  source: CredentialSource,
): HeldToken | undefined {
  if (!access) return undefined;
  const { clientId = '', familyId, expiresAt, masterTokenName } = access.principal;
  if (!(access.proved & ACCESS))
    return expiresAt === undefined ? undefined : { reference: undefined, expiresAt, hasSession: false };
  const credentials = readCredentials(source);
  if (credentials === AMBIGUOUS || credentials.accessToken === undefined) return undefined;
  const accessHash = digestOf(credentials.accessToken);
  return {
    reference: { clientId, familyId, accessHash },
    expiresAt: expiresAt ?? 0,
    hasSession: familyId !== undefined && masterTokenName === undefined,
  };
}

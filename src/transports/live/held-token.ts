import type { Call } from '../../access/call.js';
import type { RequestAccess } from '../../access/request-access.js';
import { ACCESS_TOKEN } from '../../access/requirement.js';
import { digestOf } from '../../sessions/token-digest.js';

/** What a socket lives by: an access token, or a master token that expires. */
export interface HeldToken {
  /** Whose access token; undefined: it is a master token. */
  readonly clientId: string | undefined;
  readonly familyId: string | undefined;
  /** Which access token, as `SessionRecord.accessHash`; undefined: it is a master token. */
  readonly accessHash: string | undefined;
  /** Epoch seconds; of several tokens, when the first of them ends. */
  readonly expiresAt: number;
  /** Whether the token is all that was proved, and is of a session which is told apart from the client's others. */
  readonly hasSession: boolean;
}

const NO_ACCESS_TOKEN = {
  clientId: undefined,
  familyId: undefined,
  accessHash: undefined,
  hasSession: false,
};

/**
 * The token by which this call proved the access; undefined where it proved none that ends.
 * @param call must be what the access was proved with
 */
export function heldToken(access: RequestAccess | undefined, { sent }: Call): HeldToken | undefined {
  if (!access) return undefined;
  const { clientId = '', familyId, expiresAt, masterTokenName } = access.principal;
  if (!(access.proved & ACCESS_TOKEN))
    return expiresAt === undefined ? undefined : { ...NO_ACCESS_TOKEN, expiresAt };
  if (typeof sent === 'symbol' || sent.accessToken === undefined) return undefined;
  const accessHash = digestOf(sent.accessToken);
  return {
    clientId,
    familyId,
    accessHash,
    expiresAt: expiresAt ?? 0,
    hasSession: familyId !== undefined && masterTokenName === undefined,
  };
}

/**
 * What a socket lives by that was let in though it missed something: no longer than that is only observed.
 * @param until epoch seconds; undefined: it missed nothing
 */
export function untilEnforced(held: HeldToken | undefined, until: number | undefined): HeldToken | undefined {
  if (until === undefined) return held;
  return {
    ...NO_ACCESS_TOKEN,
    ...held,
    expiresAt: Math.min(until, held?.expiresAt ?? until),
    hasSession: false,
  };
}

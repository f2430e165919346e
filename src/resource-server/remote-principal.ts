import { isTime } from '../clock.js';
import { scopeNameFault } from '../config/scope-name.js';
import type { JsonObject } from '../json.js';
import { clientIdFault } from '../sessions/client-id.js';
import { frozenClaims } from '../tokens/frozen-claims.js';
import type { Principal } from '../tokens/principal.js';
import { TokenFault } from '../tokens/token-fault.js';
import type { ClaimMapper, TokenIdentity } from './trusted-issuer.js';

/** Where issuers say whose a token is: RFC 9068; Keycloak and Auth0; Entra ID of the first version; Okta. */
const CLIENT_CLAIMS = ['client_id', 'azp', 'appid', 'cid', 'sub'];

export interface PrincipalRules {
  readonly map?: ClaimMapper | undefined;
  /** Seconds. */
  readonly clockTolerance: number;
}

/**
 * The principal of a token whose claims hold.
 * @param claims nobody else's: they are frozen
 * @param now epoch seconds
 */
export function remotePrincipal(
  claims: JsonObject & { readonly exp?: unknown },
  { map, clockTolerance }: PrincipalRules,
  now: number,
): Principal | TokenFault {
  const frozen = frozenClaims(claims);
  const identity = map ? map(frozen) : {};
  // JavaScript's mappers may answer anything.
  if (typeof identity !== 'object' || identity === null) return TokenFault.notMapped;
  const { clientId = clientIdOf(frozen), scopes = frozen['scope'] ?? frozen['scp'] } = identity;
  const { authTime = frozen['auth_time'] } = identity as TokenIdentity;
  if (clientIdFault(clientId) !== undefined) return TokenFault.noClientId;
  const { jti, iat, exp } = frozen;
  return Object.freeze({
    level: 'access',
    clientId: clientId as string,
    familyId: undefined,
    tokenId: jti as string | undefined,
    issuedAt: iat as number | undefined,
    scopes: Object.freeze(scopeNames(scopes)),
    // A login in the future would be fresh for too long.
    authTime:
      isTime(authTime) && authTime <= now + clockTolerance ? Math.min(authTime, Math.floor(now)) : undefined,
    masterTokenName: undefined,
    expiresAt: exp as number,
    claims: frozen,
  });
}

function clientIdOf(claims: JsonObject): unknown {
  return CLIENT_CLAIMS.map((name) => claims[name]).find((value) => value !== undefined);
}

/** Of a list, or of a text parted by spaces; what cannot be the name of a scope gives nothing. */
function scopeNames(scopes: unknown): string[] {
  const names: readonly unknown[] =
    typeof scopes === 'string' ? scopes.split(' ') : Array.isArray(scopes) ? scopes : [];
  return [...new Set(names.filter((name) => scopeNameFault(name) === undefined) as readonly string[])];
}

import type { JsonObject } from '../json.js';

/**
 * Freezes claims through and through: a principal is the same object for all requests with its token, so that whoever
 * changed it would change it for others, too. Done once for each token that verified, never for a request.
 * @param claims parsed from JSON, and nobody else's
 */
export function frozenClaims(claims: JsonObject): JsonObject {
  const open: object[] = [claims];
  for (let value = open.pop(); value !== undefined; value = open.pop()) {
    Object.freeze(value);
    for (const member of Object.values(value) as unknown[]) {
      if (typeof member === 'object' && member !== null && !Object.isFrozen(member)) open.push(member);
    }
  }
  return claims;
}

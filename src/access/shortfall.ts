import type { Principal } from '../tokens/principal.js';
import { denialOfAge, denialOfScopes, type Denial } from './denial.js';
import type { Alternative } from './requirement.js';

/**
 * What a good access token lacks that this asks, the age of its session first.
 * @param now epoch seconds; looked at only where an age is asked
 */
export function shortfallOf(
  { scopes, maxAge }: Alternative,
  principal: Principal,
  now: number,
): Denial | undefined {
  if (maxAge !== Infinity && !(now - (principal.authTime ?? -Infinity) <= maxAge))
    return denialOfAge(maxAge, principal);
  for (const scope of scopes) if (!principal.scopes.includes(scope)) return denialOfScopes(scopes, principal);
  return undefined;
}

/**
 * The one that came furthest, for the caller to act on; of several such, the first.
 * @param held scopes of the access token
 */
export function nearestDenial(denials: readonly Denial[], held: readonly string[]): Denial | undefined {
  const missing = ({ scopes = [] }: Denial): number => scopes.filter((scope) => !held.includes(scope)).length;
  return denials.toSorted(
    (one, other) => distanceOf(one) - distanceOf(other) || missing(one) - missing(other),
  )[0];
}

/** Where something could not be checked, nobody knows what it would have come to. */
const BY_STATUS: readonly Denial['status'][] = [503, 500, 403, 429, 400, 401];

/** From what is missing altogether to what is only not enough. */
function distanceOf({ status, code }: Denial): number {
  const within = code === 'missing_token' ? 2 : code === 'insufficient_user_authentication' ? 0 : 1;
  return BY_STATUS.indexOf(status) * 3 + within;
}

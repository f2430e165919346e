import { isTime } from '../clock.js';
import type { JsonObject } from '../json.js';
import { TokenFault } from '../tokens/token-fault.js';

/** What of a token is asked beside its signature. */
export interface ClaimRules {
  readonly issuer: string;
  /** Empty: `aud` is not looked at. */
  readonly audience: readonly string[];
  /** Seconds. */
  readonly clockTolerance: number;
}

/** Claims that only ID tokens have. @see OpenID Connect Core sections 2, 3.1.3.6, 3.3.2.11 */
const ID_TOKEN_CLAIMS = ['at_hash', 'c_hash', 's_hash'];

/**
 * @param now epoch seconds
 * @param isSaidToBeOne whether the token's header, or the issuer's answer, says that it is an access token
 * @returns what is wrong with the claims of an access token of this issuer, or undefined
 */
export function claimsFault(
  claims: JsonObject,
  { issuer, audience, clockTolerance }: ClaimRules,
  now: number,
  isSaidToBeOne: boolean,
): TokenFault | undefined {
  const { iss, aud, exp, iat, nbf, jti } = claims;
  if (iss !== issuer) return TokenFault.wrongIssuer;
  if (audience.length > 0 && !namesOne(aud, audience)) return TokenFault.wrongAudience;
  if (!isTime(exp)) return TokenFault.badExpiry;
  if (exp + clockTolerance <= now) return TokenFault.expired;
  for (const time of [iat, nbf]) {
    if (time === undefined) continue;
    if (!isTime(time)) return TokenFault.badTime;
    if (time > now + clockTolerance) return TokenFault.notYetValid;
  }
  if (jti !== undefined && typeof jti !== 'string') return TokenFault.badIdentifier;
  // Whoever stole it could use it here, where nobody asks for the proof. @see RFC 9449 section 7.2, RFC 8705 section 3
  if (claims['cnf'] !== undefined) return TokenFault.bound;
  return isOfOtherKind(claims, isSaidToBeOne) ? TokenFault.wrongType : undefined;
}

/** Whether it says of itself that it is an ID, refresh or logout token. */
function isOfOtherKind(claims: JsonObject, isSaidToBeOne: boolean): boolean {
  const { typ, type, token_use: use, events, nonce } = claims;
  // Keycloak's.
  if (typ !== undefined && typ !== 'Bearer') return true;
  // Ours, and those of Amazon Cognito and Ory Hydra.
  if (type === 'refresh' || (use !== undefined && use !== 'access' && use !== 'access_token')) return true;
  if (events !== undefined) return true;
  if (isSaidToBeOne) return false;
  return ID_TOKEN_CLAIMS.some((name) => name in claims) || (nonce !== undefined && typ !== 'Bearer');
}

function namesOne(aud: unknown, audience: readonly string[]): boolean {
  const named: readonly unknown[] = Array.isArray(aud) ? aud : [aud];
  return named.some((name) => typeof name === 'string' && audience.includes(name));
}

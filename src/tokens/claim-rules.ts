import type { FastauthConfig } from '../config/fastauth-config.js';
import type { JsonObject } from '../json.js';
import type { DecodedToken } from './codecs/token-codec.js';
import type { TokenType } from './token-claims.js';
import { TokenFault } from './token-fault.js';

export type ClaimRulesConfig = Pick<FastauthConfig, 'issuer' | 'audience' | 'accessTokenProfile'>;

/** `iss`, `aud` and, in the RFC 9068 profile, `sub` of new tokens. @see RFC 9068 section 2.2 */
export function issuerClaims(config: ClaimRulesConfig, clientId: string): JsonObject {
  const { issuer, audience, accessTokenProfile } = config;
  return {
    ...(issuer === undefined ? {} : { iss: issuer }),
    ...(audience.length === 0 ? {} : { aud: audience.length === 1 ? audience[0] : audience }),
    ...(accessTokenProfile === 'at+jwt' ? { sub: clientId } : {}),
  };
}

/**
 * Holds what a token says of its issuer, audience and type against the configuration. A token that says nothing of
 * them passes, since it was issued before they were configured and the store still knows it; not so an access token
 * in the RFC 9068 profile, where all of it is required.
 * @param isForAnybody whether it does not matter whom the token is for
 * @see RFC 7519 section 4.1.3, RFC 8725 sections 3.8, 3.9 and 3.11, RFC 9068 section 4
 */
export function issuerFault(
  { payload, isAccessTokenJwt }: DecodedToken,
  type: TokenType,
  config: ClaimRulesConfig,
  isForAnybody = false,
): TokenFault | undefined {
  const { iss, aud } = payload;
  if (isAccessTokenJwt && type !== 'access') return TokenFault.wrongType;
  if (config.accessTokenProfile === 'at+jwt' && type === 'access') {
    if (!isAccessTokenJwt) return TokenFault.wrongProfile;
    if (iss === undefined) return TokenFault.wrongIssuer;
    if (aud === undefined) return TokenFault.wrongAudience;
    const { sub, jti, iat } = payload;
    if (typeof sub !== 'string' || typeof jti !== 'string' || iat === undefined)
      return TokenFault.wrongProfile;
  }
  if (iss !== undefined && config.issuer !== undefined && iss !== config.issuer)
    return TokenFault.wrongIssuer;
  if (aud !== undefined && !isForAnybody && !isNamed(aud, config.audience)) return TokenFault.wrongAudience;
  return undefined;
}

/** Whether `aud` names one of these. @see RFC 7519 section 4.1.3 */
export function isNamed(aud: unknown, audience: readonly string[]): boolean {
  const values: readonly unknown[] = Array.isArray(aud) ? aud : [aud];
  return (
    values.every((value) => typeof value === 'string') &&
    values.some((value) => audience.includes(value as string))
  );
}

import { isTime } from '../clock.js';
import type { JsonObject } from '../json.js';
import { isLegacyFamily } from '../sessions/legacy-family.js';
import type { SessionKey, SessionRecord } from '../sessions/session-record.js';
import { type Bearer, TokenFault } from './token-fault.js';

export type TokenType = 'access' | 'refresh';

/** What a verified token says. Times are epoch seconds. @see RFC 7519 section 4.1 */
export interface TokenClaims {
  readonly type: TokenType;
  readonly clientId: string;
  readonly expiresAt: number;
  readonly issuedAt: number | undefined;
  /** `jti`; tokens of the Python original have none. */
  readonly tokenId: string | undefined;
  /** `fam`; tokens of the Python original have none. */
  readonly familyId: string | undefined;
  /** `gen`, in refresh tokens. */
  readonly generation: number | undefined;
  /** All members of the payload, the application's own among them. */
  readonly raw: JsonObject;
}

/** Whose a token is whose signature holds, whatever else is wrong with it. */
export function bearerOf({ client_id: clientId, fam: familyId }: JsonObject): Bearer {
  const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
  return { clientId: text(clientId), familyId: text(familyId) };
}

/** Claim of refresh tokens: the names of the claims that `issuanceDefaults` gave, and may take back at a refresh. */
export const DEFAULTED = 'fa_defaults';

/** Names that the application's own claims may not use: this package or RFC 7519 gives them their meaning. */
export const RESERVED_CLAIMS: ReadonlySet<string> = new Set([
  'client_id',
  'type',
  'exp',
  'iat',
  'nbf',
  'jti',
  'iss',
  'aud',
  'fam',
  'gen',
  'scope',
  'auth_time',
  DEFAULTED,
]);

/**
 * Checks shape and times of a payload whose signature holds.
 * @param now epoch seconds
 * @param tolerance seconds by which clocks may differ
 */
export function readClaims(
  payload: JsonObject,
  type: TokenType,
  now: number,
  tolerance: number,
): TokenClaims | TokenFault {
  const { exp, iat, nbf, jti, fam, gen } = payload;
  if (!isTime(exp)) return TokenFault.badExpiry;
  if (iat !== undefined && !isTime(iat)) return TokenFault.badTime;
  if (nbf !== undefined && !isTime(nbf)) return TokenFault.badTime;
  if (exp + tolerance <= now) return TokenFault.expired;
  if (Math.max(iat ?? 0, nbf ?? 0) > now + tolerance) return TokenFault.notYetValid;
  if (payload['type'] !== type) return TokenFault.wrongType;
  const clientId = payload['client_id'];
  if (typeof clientId !== 'string' || clientId === '') return TokenFault.noClientId;
  if (jti !== undefined && typeof jti !== 'string') return TokenFault.badIdentifier;
  if (fam !== undefined && typeof fam !== 'string') return TokenFault.badIdentifier;
  if (gen !== undefined && !(Number.isSafeInteger(gen) && (gen as number) >= 0))
    return TokenFault.badIdentifier;
  return {
    type,
    clientId,
    expiresAt: exp,
    issuedAt: iat,
    tokenId: jti,
    familyId: fam,
    generation: gen as number | undefined,
    raw: payload,
  };
}

/**
 * Whose a payload is whose signature holds, if it has not expired: all that matters to those who end its session.
 * @param now epoch seconds
 * @param tolerance seconds by which clocks may differ
 */
export function readOwner(payload: JsonObject, now: number, tolerance: number): SessionKey | undefined {
  const { exp, type, client_id: clientId, fam } = payload;
  if (!isTime(exp) || exp + tolerance <= now) return undefined;
  if (type !== 'access' && type !== 'refresh') return undefined;
  if (typeof clientId !== 'string' || clientId === '') return undefined;
  return fam === undefined || typeof fam === 'string' ? { clientId, familyId: fam } : undefined;
}

/** All claims: the token's, and those that its session's record keeps for it. */
export function allClaims({ raw }: TokenClaims, record: SessionRecord): JsonObject {
  return record.claims === undefined ? raw : { ...(JSON.parse(record.claims) as JsonObject), ...raw };
}

/** When the session of a token began, epoch seconds. Sessions of the Python package, and those of a store that keeps no more than it does, do not say when they began. */
export function authTimeOf(
  { familyId }: TokenClaims,
  { plainPair, createdAt, isBeginningUnknown, familyId: family, clientId }: SessionRecord,
): number | undefined {
  const isUnknown =
    familyId === undefined ||
    plainPair !== undefined ||
    isBeginningUnknown === true ||
    isLegacyFamily(family, clientId);
  return isUnknown ? undefined : Math.floor(createdAt);
}

/** What the session of a refresh token may have at most. Stores that do not keep it have it in the token. */
export function sessionScopeOf(claims: TokenClaims, record: SessionRecord): string | undefined {
  const scope = record.scope ?? allClaims(claims, record)['scope'];
  return typeof scope === 'string' ? scope : undefined;
}

/** The application's own claims among all. */
export function customClaims(claims: TokenClaims, record: SessionRecord): JsonObject {
  const all = Object.entries(allClaims(claims, record));
  // `sub` is fastauth's own when it names the client, as the RFC 9068 profile has it.
  return Object.fromEntries(
    all.filter(
      ([name, value]) => !RESERVED_CLAIMS.has(name) && !(name === 'sub' && value === claims.clientId),
    ),
  );
}

/** Names of the claims that `issuanceDefaults` gave; none in tokens from before it was asked at each refresh. */
export function defaultedClaims({ raw }: TokenClaims): readonly string[] {
  const names = raw[DEFAULTED];
  return Array.isArray(names) ? names.filter((name) => typeof name === 'string') : [];
}

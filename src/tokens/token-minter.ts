import type { JsonObject } from '../json.js';
import { randomBytes } from '../keys/random.js';
import type { TokenPair } from '../sessions/session-record.js';
import type { TokenCodec } from './codecs/token-codec.js';
import { DEFAULTED } from './token-claims.js';

/** What a pair is made from. Times are epoch seconds. */
export interface PairTemplate {
  readonly clientId: string;
  readonly familyId: string;
  readonly generation: number;
  readonly issuedAt: number;
  readonly accessExpiresAt: number;
  readonly refreshExpiresAt: number;
  /** `iss`, `aud` and `sub`, as far as they are configured; a `sub` of the application's own comes first. */
  readonly issuerClaims: JsonObject;
  /** The application's own claims; both tokens carry them, or the record does, so that they outlive a refresh. */
  readonly claims: JsonObject;
  /** When the session began, for access tokens that say so (RFC 9068 section 2.2.1). */
  readonly authTime?: number | undefined;
  /** What the access token may do; empty text: nothing of what the session may. */
  readonly scope?: string | undefined;
  /** What the session may have at most, which the refresh token carries; also for stores that do not keep it. */
  readonly sessionScope?: string | undefined;
  /** Names of those that `issuanceDefaults` gave, which is asked again at the next refresh. */
  readonly defaulted?: readonly string[] | undefined;
}

/** A pair, and which key it is of. */
export interface MintedPair {
  readonly pair: TokenPair;
  readonly kid: string;
}

/** Signs a new pair, both tokens with the keys of one ring, also while another one comes into force. Each token has a `jti` of 16 random bytes, so that no two pairs are the same text. */
export async function mintPair(codec: TokenCodec, template: PairTemplate): Promise<MintedPair> {
  const { ring } = codec;
  const { clientId, familyId, generation, issuedAt, issuerClaims } = template;
  const claims = codec.carriesClaims ? template.claims : {};
  const common = { ...issuerClaims, ...claims, client_id: clientId, fam: familyId, iat: issuedAt };
  const { scope, authTime, sessionScope, defaulted } = template;
  const access = {
    ...common,
    ...(scope && { scope }),
    ...(authTime === undefined ? {} : { auth_time: authTime }),
    type: 'access',
    jti: randomId(),
    exp: template.accessExpiresAt,
  };
  const refresh = {
    ...common,
    ...(sessionScope === undefined ? {} : { scope: sessionScope }),
    type: 'refresh',
    jti: randomId(),
    gen: generation,
    ...(defaulted?.length ? { [DEFAULTED]: defaulted } : {}),
    exp: template.refreshExpiresAt,
  };
  const pair = {
    accessToken: await codec.sign(access, ring),
    refreshToken: await codec.sign(refresh, ring),
  };
  return { pair, kid: codec.kidOf(ring) };
}

/** What the session's record keeps of claims that tokens do not carry themselves; see {@link SessionRecord}. */
export function recordClaims(
  codec: TokenCodec,
  { claims, scope }: Pick<PairTemplate, 'claims' | 'scope'>,
): string | undefined {
  const kept = scope ? { ...claims, scope } : claims;
  return codec.carriesClaims || Object.keys(kept).length === 0 ? undefined : JSON.stringify(kept);
}

/**
 * A session's identifier: the time in milliseconds and 10 random bytes, as in a ULID, in base64url. Sessions that a
 * client begins one after the other so lie side by side in the embedded store, which has fewer pages to write.
 * @param createdAt epoch seconds
 */
export function newFamilyId(createdAt: number): string {
  const bytes = randomBytes(16);
  // A clock may be wrong by any number of years.
  bytes.writeUIntBE(Math.max(0, Math.floor(createdAt * 1000)) % 2 ** 48, 0, 6);
  return bytes.toString('base64url');
}

/** 16 random bytes, base64url. */
export function randomId(): string {
  return randomBytes(16).toString('base64url');
}

import type { JsonObject } from '../json.js';

/** Who a request or a socket belongs to, after its credentials were verified. */
export interface Principal {
  /** `master` when the master token was needed and sent, otherwise `access`. */
  readonly level: 'access' | 'master';
  /** Whose access token was sent; undefined where only the master token was needed. */
  readonly clientId: string | undefined;
  /** The session of the access token; undefined for tokens of the Python original. */
  readonly familyId: string | undefined;
  /** The access token's `jti`. */
  readonly tokenId: string | undefined;
  /** Epoch seconds. */
  readonly issuedAt: number | undefined;
  /** What the access token may do (RFC 6749 section 3.3); empty where none was sent or nothing was said. */
  readonly scopes: readonly string[];
  /** When the session began, epoch seconds; refreshing does not change it. Undefined where that is not known. */
  readonly authTime: number | undefined;
  /** Name of the master token that was needed and sent, for audits; undefined where none was needed. */
  readonly masterTokenName: string | undefined;
  /** When the credentials end, epoch seconds: the access token, a master token with an expiry, or the first of both. */
  readonly expiresAt: number | undefined;
  /** All claims of the access token, the application's own among them. */
  readonly claims: JsonObject;
}

/** The principal of a request that only the master token of this name opened. */
export function masterPrincipal(masterTokenName: string, expiresAt: number | undefined): Principal {
  return Object.freeze({
    level: 'master',
    clientId: undefined,
    familyId: undefined,
    tokenId: undefined,
    issuedAt: undefined,
    scopes: Object.freeze([]),
    authTime: undefined,
    masterTokenName,
    expiresAt,
    claims: Object.freeze({}),
  });
}

/** The principal of a request that needed a client's access token and a master token. */
export function mergePrincipals(access: Principal, master: Principal): Principal {
  const ends = [access.expiresAt, master.expiresAt].filter((end) => end !== undefined);
  return Object.freeze({
    ...access,
    level: 'master',
    masterTokenName: master.masterTokenName,
    expiresAt: ends.length === 0 ? undefined : Math.min(...ends),
  });
}

/**
 * Whether a token may take the place of the one before: it is of the same issuer and client, and of the same user where
 * both say whose they are, since all users of an application may come by one client.
 */
export function isSameBearer(before: Principal, after: Principal): boolean {
  const [one, other] = [before.claims['sub'], after.claims['sub']];
  const isOtherUser = one !== undefined && other !== undefined && one !== other;
  const isOtherIssuer = before.claims['iss'] !== after.claims['iss'];
  return before.clientId === after.clientId && !isOtherUser && !isOtherIssuer;
}

import type { JsonObject } from '../config/strict-json.js';

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
  /** When the access token ends, epoch seconds. */
  readonly expiresAt: number | undefined;
  /** All claims of the access token, the application's own among them. */
  readonly claims: JsonObject;
}

/** The principal of a request that only the master token opened. */
export const MASTER_PRINCIPAL: Principal = Object.freeze({
  level: 'master',
  clientId: undefined,
  familyId: undefined,
  tokenId: undefined,
  issuedAt: undefined,
  expiresAt: undefined,
  claims: Object.freeze({}),
});

import type { JsonObject } from '../json.js';

/** Whom a token of another issuer is of, and what it may do. */
export interface TokenIdentity {
  /** Default: `client_id`, else `azp`, `appid` or `cid`, else `sub`. */
  readonly clientId?: string | undefined;
  /** Names, or one text of names parted by spaces. Default: `scope`, else `scp`; not `permissions` or `roles`. */
  readonly scopes?: string | readonly string[] | undefined;
  /** When the user logged in, epoch seconds. Default: `auth_time`. */
  readonly authTime?: number | undefined;
}

/**
 * Reads whom a token is of out of its claims, which were verified before. Members that are left out have their default.
 * @returns undefined to refuse the token
 */
export type ClaimMapper = (claims: JsonObject) => TokenIdentity | undefined;

/** How the issuer is asked about tokens. @see RFC 7662 */
export interface IntrospectionOptions {
  /** The credentials of this service at the issuer (`client_secret_basic`). */
  readonly clientId: string;
  readonly clientSecret: string;
  /** Default: the `introspection_endpoint` of the issuer's metadata. */
  readonly endpoint?: string | undefined;
  /**
   * How many seconds an answer counts, never beyond the token's `exp`: for so long a revoked token may still be
   * accepted. 0: each request asks. Default: 10.
   */
  readonly cacheFor?: number | undefined;
}

/** An issuer whose access tokens are accepted. */
export interface TrustedIssuer {
  /** Exactly as tokens have it as `iss`, a trailing slash included. An `https:` URL; `http:` on a loopback address. */
  readonly issuer: string;
  /** What `aud` must name, one of them at least. Only with `introspection` may it be left out. */
  readonly audience?: string | readonly string[] | undefined;
  /** URL of its JWK Set. Default: the `jwks_uri` of its metadata (RFC 8414, else OpenID Connect Discovery). */
  readonly jwksUri?: string | undefined;
  /** Asks the issuer about tokens instead of verifying them by its keys: revocation is then seen in `cacheFor` seconds. */
  readonly introspection?: IntrospectionOptions | undefined;
  /** Default: the claims that RFC 9068, Keycloak, Auth0, Entra ID and Okta use. */
  readonly map?: ClaimMapper | undefined;
  /** Time limit in seconds of a call to the issuer. Default: 3. */
  readonly timeout?: number | undefined;
}

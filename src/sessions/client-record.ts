import type { JWK } from 'jose';

/**
 * A client with credentials of its own (RFC 6749 section 2), as it is kept beside its sessions. Durations are seconds;
 * hashes are SHA-256, base64url without padding.
 */
export interface ClientRecord {
  readonly clientId: string;
  /** For people. */
  readonly name?: string | undefined;
  readonly authenticationMethod: 'client_secret_basic' | 'client_secret_post' | 'private_key_jwt';
  /** Of the secrets that are good: two while a new one takes the place of the old one. */
  readonly secretHashes: readonly string[];
  /** Of `private_key_jwt` (RFC 7523), as JWKs. */
  readonly publicKeys: readonly JWK[];
  readonly grants: readonly ('client_credentials' | 'refresh_token')[];
  /** What it may ask for (RFC 6749 section 3.3). */
  readonly scopes: readonly string[];
  /** Which resources it may ask for (RFC 8707). */
  readonly audiences: readonly string[];
  /** Whether it may introspect tokens (RFC 7662 section 2.1). */
  readonly mayIntrospect: boolean;
  /** Default: `client-credentials-expires-in`. */
  readonly accessTokenExpiresIn?: number | undefined;
  /** Default: `refresh-token-expires-in`. */
  readonly refreshTokenExpiresIn?: number | undefined;
  readonly isEnabled: boolean;
}

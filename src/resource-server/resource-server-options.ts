import type { FastauthOptions } from '../config/fastauth-options.js';
import type { TrustedIssuer } from './trusted-issuer.js';

/** Settings of applications that issue tokens. */
type IssuerSetting =
  | 'issuer'
  | 'audience'
  | 'databaseUrl'
  | 'databaseApiUrl'
  | 'headers'
  | 'storeTimeout'
  | 'trackedCacheSize'
  | 'cryptographyKey'
  | 'cryptographyKeys'
  | 'keySetFile'
  | 'tokenAlgorithm'
  | 'tokenFormat'
  | 'acceptedTokenFormats'
  | 'accessTokenProfile'
  | 'accessTokenExpiresIn'
  | 'refreshTokenExpiresIn'
  | 'refreshGrace'
  | 'familyMaxAge'
  | 'sessionsPerClient'
  | 'authPrefix'
  | 'publicTokenIssuance'
  | 'introspectionAccess';

/**
 * What `FastauthModule.forResourceServer` takes: an issuer, or several, and the settings of guards and sockets, which are
 * read from the config file and the environment, too. Nothing is issued: a store and keys are neither needed nor read.
 */
export interface ResourceServerOptions extends Omit<FastauthOptions, IssuerSetting>, Partial<TrustedIssuer> {
  /** Several issuers, instead of `issuer` and what belongs to it. A token goes to the one that it names. */
  issuers?: readonly TrustedIssuer[] | undefined;
}

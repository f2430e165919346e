/**
 * Every machine code this package answers with, in bodies of HTTP answers, frames of sockets and events; stable, so
 * that clients may branch on it.
 */
export type FastauthErrorCode =
  | 'invalid_config'
  | 'module_not_imported'
  | 'missing_token'
  | 'invalid_token'
  | 'invalid_request'
  | 'invalid_grant'
  | 'insufficient_scope'
  | 'insufficient_user_authentication'
  | 'wrong_token_type'
  | 'origin_not_allowed'
  | 'shutting_down'
  | 'token_expired'
  | 'token_superseded'
  | 'session_revoked'
  | 'session_superseded'
  | 'crypto_key_not_set'
  | 'token_not_saved'
  | 'store_unavailable'
  | 'too_many_attempts'
  | 'unsupported_context'
  | 'internal_error';

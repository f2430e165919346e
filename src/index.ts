export { AccessGuard } from './access/access.guard.js';
export { AccessPolicy } from './access/access-policy.js';
export { AccessOnly, CurrentPrincipal, MasterOnly, Public } from './access/decorators.js';
export { AccessDeniedException, type Denial } from './access/denial.js';
export { HttpGuard } from './access/http.guard.js';
export { principalOf } from './access/principal-of.js';
export { useFastauthEdge } from './access/use-fastauth-edge.js';
export type {
  AccessTokenProfile,
  DefaultAccess,
  FastauthConfig,
  TokenFormat,
} from './config/fastauth-config.js';
export { FastauthConfigService } from './config/fastauth-config.service.js';
export type { FastauthOptions } from './config/fastauth-options.js';
export type { CryptographyKeyOptions } from './config/key-entries.js';
export { KeyProvider } from './config/key-provider.js';
export type { MasterTokenConfig, MasterTokenOptions } from './config/master-token-entries.js';
export type { JsonObject } from './config/strict-json.js';
export {
  ConfigError,
  CryptoKeyNotSetError,
  FastauthError,
  type FastauthErrorCode,
  InvalidGrantError,
  InvalidRequestError,
  type InputFault,
  StoreUnavailableError,
  TokenNotSavedError,
  TooManyAttemptsError,
  UnauthorizedError,
} from './errors.js';
export { FastauthModule } from './fastauth.module.js';
export type { FastauthRegistration } from './fastauth.module-definition.js';
export type { TokenEnvelope } from './http/envelope.js';
export { withFastauth } from './http/openapi.js';
export { TokenController } from './http/token.controller.js';
export type { TokenRequest } from './http/token-request.js';
export { generateCryptographyKey } from './keys/cryptography-key.js';
export { hasKeyInEnv, readKeyFromEnv, writeKeyToEnv } from './keys/env-file.js';
export { importJwk, importPem, importSecret, type KeyRole } from './keys/import-key.js';
export type { RingKey } from './keys/ring-key.js';
export { LmdbTokenStore } from './stores/lmdb.store.js';
export { MemoryTokenStore } from './stores/memory.store.js';
export { RedisTokenStore, type RedisTokenStoreOptions } from './stores/redis.store.js';
export { RestTokenStore } from './stores/rest.store.js';
export {
  type FindOptions,
  type KeyUse,
  type MaybePromise,
  type RevokeFilter,
  type SessionWatcher,
  TokenStore,
} from './stores/token-store.js';
export { AuditSink } from './telemetry/audit-sink.js';
export type { AuditRecord, FastauthEvent } from './telemetry/fastauth-event.js';
export { type FastauthEventListener, FastauthEvents } from './telemetry/fastauth-events.js';
export { FastauthHealthIndicator, type HealthResult } from './telemetry/health-indicator.js';
export type { ClientRecord } from './tokens/client-record.js';
export { Clock } from './tokens/clock.js';
export type { ForeignIdentity, ForeignTokens } from './tokens/foreign-tokens.js';
export type { IssuanceClient, IssuanceDefaults, IssuanceDefaultsOf } from './tokens/issuance-defaults.js';
export type { IssuedTokens, IssueOptions, Session } from './tokens/issued-tokens.js';
export type { Principal } from './tokens/principal.js';
export {
  type RefreshableSession,
  type SessionKey,
  type SessionRecord,
  sessionExpiresAt,
  type SessionTokens,
  type TokenPair,
} from './tokens/session-record.js';
export { TokenService } from './tokens/token.service.js';
export { WsGuard } from './websockets/ws.guard.js';

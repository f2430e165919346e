export { AccessGuard } from './access/access.guard.js';
export { AccessPolicy } from './access/access-policy.js';
export { AccessOnly, CurrentPrincipal, MasterOnly, Public } from './access/decorators.js';
export { AccessDeniedException, type Denial } from './access/denial.js';
export { principalOf } from './access/principal-of.js';
export { Clock } from './clock.js';
export type {
  AccessTokenProfile,
  AuditLogLevel,
  DefaultAccess,
  FastauthConfig,
  TokenFormat,
  WebsocketRefusal,
} from './config/fastauth-config.js';
export { FastauthConfigService } from './config/fastauth-config.service.js';
export type { FastauthOptions } from './config/fastauth-options.js';
export type { CryptographyKeyOptions } from './config/key-entries.js';
export { KeyProvider } from './config/key-provider.js';
export type { MasterTokenConfig, MasterTokenOptions } from './config/master-token-entries.js';
export type { TokenEnvelope } from './endpoints/envelope.js';
export { type OpenApiDocument, withFastauth } from './endpoints/openapi.js';
export { TokenController } from './endpoints/token.controller.js';
export type { TokenRequest } from './endpoints/token-request.js';
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
export type { AuditRecord, FastauthEvent } from './events/fastauth-event.js';
export { type FastauthEventListener, FastauthEvents } from './events/fastauth-events.js';
export { FastauthModule } from './fastauth.module.js';
export type { FastauthRegistration } from './fastauth.module-definition.js';
export {
  type EnvAssignment,
  type EnvEntry,
  hasKeyInEnv,
  readKeyFromEnv,
  writeKeyToEnv,
} from './files/env-file.js';
export type { JsonObject } from './json.js';
export type {
  AlgorithmName,
  EncryptionAlgorithm,
  HmacAlgorithm,
  SignatureAlgorithm,
} from './keys/algorithms.js';
export { generateCryptographyKey } from './keys/cryptography-key.js';
export { importJwk, importPem, importSecret, type KeyRole } from './keys/import-key.js';
export type { JsonWebKey, JsonWebKeyMembers } from './keys/json-web-key.js';
export type { ScheduledKey } from './keys/key-schedule.js';
export type { RingKey } from './keys/ring-key.js';
export { AuditSink } from './observability/audit-sink.js';
export { FastauthHealthIndicator, type HealthResult } from './observability/health-indicator.js';
export type { ClientRecord } from './sessions/client-record.js';
export {
  type RefreshableSession,
  type SessionKey,
  type SessionRecord,
  sessionExpiresAt,
  type SessionTokens,
  type TokenPair,
} from './sessions/session-record.js';
export {
  type FindOptions,
  type KeyUse,
  type MaybePromise,
  type RevokeFilter,
  type SessionWatcher,
  TokenStore,
} from './sessions/token-store.js';
// Also exported by entries of their own, which load no other store. Here until 1.0.
export { LmdbTokenStore } from './stores/lmdb/lmdb.store.js';
export { MemoryTokenStore } from './stores/memory/memory.store.js';
export { RedisTokenStore, type RedisTokenStoreOptions } from './stores/redis/redis.store.js';
export { RestTokenStore } from './stores/rest/rest.store.js';
export type { ForeignIdentity, ForeignTokens } from './tokens/foreign-tokens.js';
export type {
  InjectedIssuanceDefaults,
  IssuanceClient,
  IssuanceDefaults,
  IssuanceDefaultsOf,
} from './tokens/issuance-defaults.js';
export type { IssuedTokens, IssueOptions, Session } from './tokens/issued-tokens.js';
export type { Principal } from './tokens/principal.js';
export type { TokenType } from './tokens/token-claims.js';
export type { TokenFault } from './tokens/token-fault.js';
export type { TokenState } from './tokens/token-inspector.js';
export { TokenService } from './tokens/token.service.js';
export { HttpGuard } from './transports/http/http.guard.js';
export { useFastauthEdge } from './transports/http/use-fastauth-edge.js';
export { WsGuard } from './transports/websockets/ws.guard.js';

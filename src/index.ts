export { AccessGuard } from './access/access.guard.js';
export { AccessPolicy, type PolicedRoute } from './access/access-policy.js';
export type { Alternative, CredentialSet, Requirement } from './access/requirement.js';
export {
  type AccessDecorator,
  AccessOnly,
  AnyOf,
  CurrentPrincipal,
  Fresh,
  MasterOnly,
  OptionalAccess,
  Public,
  Scopes,
} from './access/decorators.js';
export { EndsWithToken } from './access/ends-with-token.js';
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
export type { TokenEnvelope } from './wire/token-envelope.js';
export { type OpenApiDocument, withFastauth } from './endpoints/openapi.js';
export { TokenCookies } from './endpoints/token-cookies.js';
export { TokenController } from './endpoints/token.controller.js';
export type { TokenRequest } from './endpoints/token-request.js';
export {
  ConfigError,
  CryptoKeyNotSetError,
  FastauthError,
  type FastauthErrorCode,
  InvalidGrantError,
  InvalidRequestError,
  InvalidScopeError,
  IssuerUnavailableError,
  type InputFault,
  StoreUnavailableError,
  TokenNotSavedError,
  type TokenRefusalCode,
  TooManyAttemptsError,
  UnauthorizedError,
} from './errors.js';
export type { AuditRecord, FastauthEvent } from './events/fastauth-event.js';
export { type FastauthEventListener, FastauthEvents } from './events/fastauth-events.js';
export { FastauthModule } from './fastauth.module.js';
export type { FastauthRegistration, GuardRegistration } from './fastauth.module-definition.js';
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
  type ClientKeepingStore,
  type ClientPage,
  ClientStore,
  type ListClients,
  type SingleUse,
  type StoredClient,
} from './sessions/client-store.js';
export { copyStore, type CopyStoreOptions, type StoreCopy } from './sessions/copy-store.js';
export {
  isLaterState,
  isSuccessor,
  isToRevoke,
  keyUseOf,
  surplusSessions,
} from './sessions/live-sessions.js';
export {
  isRefreshable,
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
  type ListAllOptions,
  type MaybePromise,
  type RevokeFilter,
  type SessionPage,
  type SessionUse,
  type SessionWatcher,
  TokenStore,
} from './sessions/token-store.js';
export type { AccessEntry, AccessEntryKind } from './routes/access-entry.js';
export { type AccessMap, accessMap } from './routes/access-map.js';
export type { ResourceServerOptions } from './resource-server/resource-server-options.js';
export type {
  ClaimMapper,
  IntrospectionOptions,
  TokenIdentity,
  TrustedIssuer,
} from './resource-server/trusted-issuer.js';
// Also exported by entries of their own, which load no other store. Here until 1.0.
export { LmdbTokenStore } from './stores/lmdb/lmdb.store.js';
export type { MemoryClientStore } from './stores/memory/memory.clients.js';
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
export type { IssuedTokens, IssueOptions, RefreshOptions, Session } from './tokens/issued-tokens.js';
export type { Principal } from './tokens/principal.js';
export type { TokenType } from './tokens/token-claims.js';
export type { Bearer, TokenFault } from './tokens/token-fault.js';
export type { TokenState } from './tokens/token-inspector.js';
export { TokenService } from './tokens/token.service.js';
export { HttpGuard } from './transports/http/http.guard.js';
export { useFastauthEdge } from './transports/http/use-fastauth-edge.js';
export { WsGuard } from './transports/websockets/ws.guard.js';
export type { PathRuleEntry } from './config/path-rule-entries.js';
export type { ClientConfig, ClientOptions } from './config/client-entries.js';

import type { HmacAlgorithm } from '../keys/algorithms.js';
import type { ScheduledKey } from '../keys/key-schedule.js';
import type { MasterTokenConfig } from './master-token-entries.js';

/** What a route may need: anybody, the holder of an access token, the holder of the master token. */
export type DefaultAccess = 'public' | 'access' | 'master';

/** How tokens are written: signed, signed and encrypted, or as references to their session. */
export type TokenFormat = 'jwt' | 'jwe' | 'opaque';

/** What access tokens look like: as the original's, or as RFC 9068 has them. */
export type AccessTokenProfile = 'default' | 'at+jwt';

/** What the audit log holds: everything, what may be an attack, or nothing. */
export type AuditLogLevel = 'all' | 'warnings' | 'off';

/** See {@link FastauthConfig.websocketRefusal}. */
export type WebsocketRefusal = 'close' | 'unauthorized';

/** The validated configuration, frozen. Durations are seconds. See the README's table for every key. */
export interface FastauthConfig {
  /** Names the app in OpenAPI, logs and shared stores. */
  readonly appName: string;
  /** Where sessions are kept: `lmdb:<folder>`, `memory:`, `redis://`, `postgres://`, `mysql://`, `http(s)://` (the REST persistence API; `database-api-url` ends up here too). */
  readonly databaseUrl: string;
  /** Static credential for administrative calls; without it every master route is closed. */
  readonly masterToken: string | undefined;
  /** Every master token, `masterToken` among them, hashed. */
  readonly masterTokens: readonly MasterTokenConfig[];
  /** HS256 secret: the text's UTF-8 bytes. Without it no token can be issued or verified. */
  readonly cryptographyKey: string | undefined;
  /** Keys of the ring that the configuration itself holds. */
  readonly cryptographyKeys: readonly ScheduledKey[];
  /** Path of the JWK Set file that holds keys of the ring. */
  readonly keySetFile: string | undefined;
  /** Algorithm of `cryptographyKey`. */
  readonly tokenAlgorithm: HmacAlgorithm;
  /** How new tokens are written. */
  readonly tokenFormat: TokenFormat;
  /** Formats that are still accepted besides. */
  readonly acceptedTokenFormats: readonly TokenFormat[];
  readonly accessTokenProfile: AccessTokenProfile;
  /** Issuer identifier (RFC 8414) and `iss` of new tokens; tokens that name another one are refused. */
  readonly issuer: string | undefined;
  /** `aud` of new tokens; tokens that name only others are refused. */
  readonly audience: readonly string[];
  /** Sent on every call to the REST persistence API. */
  readonly headers: Readonly<Record<string, string>>;
  /** Path rules, each with a leading slash. */
  readonly masterTokenPaths: readonly string[];
  readonly accessTokenPaths: readonly string[];
  /** What a route needs that neither a decorator nor a path rule names. */
  readonly defaultAccess: DefaultAccess;
  /** What `defaultAccess` leaves open where no handler serves it; each with a leading slash. */
  readonly publicPaths: readonly string[];
  /** Where the token endpoints are, with a leading slash and without a trailing one. */
  readonly authPrefix: string;
  /** Whether anybody may call `/token/new`. */
  readonly publicTokenIssuance: boolean;
  /** What `/token/introspect` needs. */
  readonly introspectionAccess: DefaultAccess;
  readonly accessTokenExpiresIn: number;
  readonly refreshTokenExpiresIn: number;
  /** How long the refresh token just spent still answers with the pair it was spent for; 0: not at all. */
  readonly refreshGrace: number;
  /** How long a session can be prolonged by refreshing, counted from its first pair. */
  readonly familyMaxAge: number;
  /** Live sessions a client may have (`Infinity`: no limit); a new one beyond that ends the oldest. */
  readonly sessionsPerClient: number;
  /** Tolerated difference between clocks when `exp`, `nbf` and `iat` are checked. */
  readonly clockTolerance: number;
  /** Time limit of one store call. Default: 1; 5 with the REST persistence API. */
  readonly storeTimeout: number;
  /** How many sessions of a store across a network are kept in memory while it tells of their changes; 0: none. */
  readonly trackedCacheSize: number;
  /** How many verified tokens are remembered so that their signature is not computed again. */
  readonly verifiedTokenCacheSize: number;
  /** How a WebSocket handshake is refused: a frame and close 1008, or 401 in answer to the upgrade. */
  readonly websocketRefusal: WebsocketRefusal;
  /** Whether handshakes may carry the token in the query string, which ends up in logs. */
  readonly websocketQueryToken: boolean;
  /** Origins whose pages may open WebSockets, as browsers spell them; empty: all. */
  readonly websocketOrigins: readonly string[];
  /** How long a socket whose token was refreshed has to present the new one; 0: not at all. */
  readonly websocketReauthenticationGrace: number;
  /** What a socket lives as long as. */
  readonly websocketFollows: 'token' | 'session';
  /** Seconds between the pings of guarded sockets of ws; 0: none. */
  readonly websocketHeartbeat: number;
  /** Seconds until no connection is left of an application that closes. */
  readonly shutdownTimeout: number;
  /** Failed attempts in a minute from one address after which it has to wait; 0: never. */
  readonly failedAttemptsPerAddress: number;
  /** The same for one client's tokens from one address. */
  readonly failedAttemptsPerClient: number;
  /** `memory:`, or the URL of a Redis in which all processes count together. */
  readonly failedAttemptsStore: string;
  /** Addresses and CIDR blocks of proxies whose `X-Forwarded-For` is believed. */
  readonly trustedProxies: readonly string[];
  /** What of the audit trail the default sink logs. */
  readonly auditLog: AuditLogLevel;
}

/** Injection token of the resolved {@link FastauthConfig}. */
export const FASTAUTH_CONFIG = Symbol('FASTAUTH_CONFIG');

/** Where the values of a configuration came from; beside it, and shown by no inspection. */
export const CONFIG_ORIGINS = Symbol('CONFIG_ORIGINS');

/** Where the value of a key came from, for people: how its source spells it, and the source; undefined: the default. */
export function originOf(config: FastauthConfig, key: string): string | undefined {
  const { [CONFIG_ORIGINS]: origins } = config as { [CONFIG_ORIGINS]?: ReadonlyMap<string, string> };
  return origins?.get(key);
}

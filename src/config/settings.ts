import * as z from 'zod';
import { HMAC_ALGORITHMS } from '../keys/algorithms.js';
import { databaseApiUrlFault, databaseUrlFault } from './database-url.js';
import { CLIENT_SETTINGS } from './client-settings.js';
import { COOKIE_SETTINGS } from './cookie-settings.js';
import { OPERATOR_SETTINGS } from './operator-settings.js';
import { RESOURCE_SETTINGS } from './resource-settings.js';
import { WEBSOCKET_SETTINGS } from './websocket-settings.js';
import { cryptographyKeyList } from './key-entries.js';
import { masterTokenList } from './master-token-entries.js';
import { scopeDescriptions } from './scope-name.js';
import { accessPathRules, masterPathRules } from './path-rule-entries.js';
import { proxyFault } from './proxy-fault.js';
import {
  appNameFault,
  attemptsStoreFault,
  audienceFault,
  authPrefixFault,
  headerMap,
  issuerFault,
  messageKeyFault,
  observeUntilFault,
  oneOf,
  pathList,
  text,
  userPropertyFault,
  wholeNumber,
} from './setting-forms.js';
import { cryptographyKeyFault, masterTokenFault } from './secret-faults.js';

const TOKEN_FORMATS = ['jwt', 'jwe', 'opaque'] as const;
const YEAR = 365 * 24 * 60 * 60;

/**
 * Every key of the configuration, once: its form, its default and what it means. The file's JSON Schema, the table of
 * docs/configuration.md, the checks and the type of the configuration all come from here. `expected` ends the
 * sentence of a fault.
 */
export const SETTINGS = {
  /** Names the app in OpenAPI, logs and shared stores. */
  appName: text(appNameFault).default('fastauth').meta({
    expected: 'text',
    description:
      'Names the application: OpenAPI title, challenges, logs, and whose sessions are whose in Redis and SQL; not in an `lmdb:` folder or behind a REST API, which applications must not share. Never an `aud` claim.',
  }),
  databaseUrl: text(databaseUrlFault).default('lmdb:.fastauth').meta({
    expected: 'a URL such as "lmdb:.fastauth"',
    description:
      'Where sessions are kept, by scheme: `lmdb:<folder>` (embedded, durable), `memory:`, `redis://`, `rediss://`, `postgres://`, `mysql://`, `mariadb://`, `http://` or `https://` (the REST persistence API). In the environment `FASTAUTH_DATABASE_URL`.',
  }),
  databaseApiUrl: text(databaseApiUrlFault).optional().meta({
    expected: 'an http:// or https:// URL',
    description:
      'Base URL of the REST persistence API; instead of `database-url`. Also spelt `database-api-path`. In the environment `DATABASE_API_URL`.',
  }),
  /** Static credential for administrative calls; without it every master route is closed. */
  masterToken: text(masterTokenFault).optional().meta({
    expected: 'text',
    description:
      'Static credential for administrative calls, or its hash (`sha256:…`). Without one every master route is closed. Better kept in the environment as `MASTER_TOKEN`.',
  }),
  masterTokens: masterTokenList().default([]).meta({
    expected: 'a list of objects such as {"name": "ops", "hash": "sha256:…"}',
    description:
      'Several master tokens, each with a `name`, a `token` or its `hash`, and if wished `expires-at`. In the environment `MASTER_TOKENS`, as JSON.',
  }),
  /** HS256 secret: the text's UTF-8 bytes. Without it no token can be issued or verified. */
  cryptographyKey: text(cryptographyKeyFault).optional().meta({
    expected: 'text',
    description:
      "HS256 secret: the text's UTF-8 bytes. Without it no token can be issued or verified. Better kept in the environment as `CRYPTOGRAPHY_KEY`.",
  }),
  cryptographyKeys: cryptographyKeyList().default([]).meta({
    expected: 'a list of objects such as {"kid": "2027", "secret": "…", "status": "signing"}',
    description:
      'A key ring: each key with a `secret`, `jwk`, `pem` or `pem-file`, and if wished `kid`, `algorithm`, `status`, `signing-from`, `verify-until`. In the environment `CRYPTOGRAPHY_KEYS`, as JSON.',
  }),
  /** Path of the JWK Set file that holds keys of the ring. */
  keySetFile: text().optional().meta({
    expected: 'a path',
    description:
      'A JWK Set file that processes share as key ring; `fastauth keys` writes it, changes are picked up without a restart. In the environment `KEY_SET_FILE`.',
  }),
  /** Issuer identifier (RFC 8414) and `iss` of new tokens; tokens that name another one are refused. */
  issuer: text(issuerFault).optional().meta({
    expected: 'a URL such as "https://auth.example.com"',
    description:
      'Issuer identifier (RFC 8414): the origin by which others reach this application. Turns on `/.well-known/oauth-authorization-server`; new tokens carry it as `iss`, and tokens that name another issuer are refused.',
  }),
  /** Algorithm of `cryptographyKey`. */
  tokenAlgorithm: z
    .enum(HMAC_ALGORITHMS)
    .default('HS256')
    .meta({
      expected: oneOf(HMAC_ALGORITHMS),
      description:
        'Algorithm of `cryptography-key`; keys of a key ring have their own. HS384 and HS512 need 48 and 64 bytes.',
    }),
  /** How new tokens are written. */
  tokenFormat: z
    .enum(TOKEN_FORMATS)
    .default('jwt')
    .meta({
      expected: oneOf(TOKEN_FORMATS),
      description:
        'How new tokens are written: `jwt` (signed), `jwe` (signed, then encrypted), `opaque` (a reference to the session, which keeps the claims).',
    }),
  /** Formats that are still accepted besides. */
  acceptedTokenFormats: z.array(z.enum(TOKEN_FORMATS)).default([]).meta({
    expected: 'a list such as ["jwt"]',
    description: 'Formats that are accepted besides `token-format`, while clients still have such tokens.',
  }),
  ...RESOURCE_SETTINGS,
  accessTokenProfile: z.enum(['default', 'at+jwt']).default('default').meta({
    expected: '"default" or "at+jwt"',
    description:
      '`at+jwt`: access tokens are RFC 9068 JWTs (`typ`, `iss`, `sub`, `aud`), and others are refused. Needs `issuer` and `audience`.',
  }),
  audience: z
    .union([text(audienceFault), z.array(text(audienceFault))])
    .default([])
    .meta({
      expected: 'text or a list of texts',
      description: '`aud` of new tokens. Tokens with an `aud` that names none of these are refused.',
    }),
  /** Sent on every call to the REST persistence API. */
  headers: headerMap().default({}).meta({
    expected: 'an object of header names and texts',
    description: 'Headers sent on every call to the REST persistence API.',
  }),
  /** Whether what misses an access requirement is refused. */
  enforcement: z.enum(['enforce', 'observe']).default('enforce').meta({
    expected: '"enforce" or "observe"',
    description:
      '`observe`: until `observe-until`, calls that miss an access requirement pass and are reported as `access.would_deny`. Master requirements and the token endpoints are enforced all the same.',
  }),
  /** From when on everything is enforced. */
  observeUntil: text(observeUntilFault).optional().meta({
    expected: 'a date such as "2027-01-31", or "2027-01-31T12:00:00Z"',
    description:
      'From when on everything is enforced though `enforcement` is `observe`: a date (midnight UTC) or a date and time with its zone, at most 90 days ahead.',
  }),
  /** Path rules, each with a leading slash. */
  masterTokenPaths: masterPathRules().default([]).meta({
    expected: 'a list of paths such as ["/master"], or of objects with "path" and "methods"',
    description:
      'Paths that need the master token. `/admin` guards `/admin` and all below it; `*` and `:name` stand for one segment; `/admin*` guards the raw prefix.',
  }),
  accessTokenPaths: accessPathRules().default([]).meta({
    expected: 'a list of paths such as ["/access"], or of objects with "path", "methods" and "scopes"',
    description:
      'Paths that need an access token. A path in both lists needs both tokens. In both lists, an entry may be an object with `path` and `methods`; here also with `scopes`: `{"path": "/devices", "methods": ["POST"], "scopes": ["devices:write"]}`.',
  }),
  /** What a route needs that no decorator names; a path rule adds to it, so that an undecorated route under a master rule needs both tokens. */
  defaultAccess: z.enum(['public', 'access', 'master']).default('public').meta({
    expected: '"public", "access" or "master"',
    description:
      'What a route needs that no decorator names; a path rule adds to it, so that an undecorated route under a master rule needs both tokens. `access` and `master` deny by default.',
  }),
  /** What `defaultAccess` leaves open where no handler serves it; each with a leading slash. */
  publicPaths: pathList().default([]).meta({
    expected: 'a list of paths such as ["/docs", "/metrics"]',
    description:
      'Paths that `default-access` leaves open where no handler serves them: Swagger UI, `/metrics`, static files. Written as path rules are, and compared with the path as it is sent. Opens no handler, and nothing that a path rule guards.',
  }),
  /** Where the token endpoints are, with a leading slash and without a trailing one. */
  authPrefix: text(authPrefixFault)
    .default('/auth')
    .meta({ expected: 'a path such as "/auth"', description: 'Where the token endpoints are.' }),
  /** Whether anybody may call `/token/new`. */
  publicTokenIssuance: z.boolean().default(false).meta({
    expected: 'true or false',
    description: 'Whether anybody may call `/token/new`, without the master token.',
  }),
  ...CLIENT_SETTINGS,
  /** What `/token/introspect` needs. */
  introspectionAccess: z.enum(['public', 'access', 'master']).default('master').meta({
    expected: '"public", "access" or "master"',
    description:
      'What `/token/introspect` needs (RFC 7662) of others than clients with the right `introspect`, who may ask wherever `token-endpoint` is on.',
  }),
  /** What tokens may be issued for; without it, any name. */
  scopes: scopeDescriptions().optional().meta({
    expected: 'an object of scope names and descriptions such as {"devices:read": "Read devices"}',
    description:
      'The scopes that there are, each with a description for OpenAPI. Other names are then refused at the start and when tokens are issued. Without it, any name is good.',
  }),
  accessTokenExpiresIn: wholeNumber(1, 100 * YEAR)
    .default(30 * 24 * 60 * 60)
    .meta({
      expected: 'a whole number of seconds, at least 1',
      description: 'Lifetime of access tokens in seconds.',
    }),
  refreshTokenExpiresIn: wholeNumber(1, 100 * YEAR)
    .default(YEAR)
    .meta({
      expected: 'a whole number of seconds, at least 1',
      description: 'Lifetime of refresh tokens in seconds.',
    }),
  /** How long the refresh token just spent still answers with the pair it was spent for; 0: not at all. */
  refreshGrace: wholeNumber(0, 3600).default(10).meta({
    expected: 'a whole number of seconds from 0 to 3600',
    description:
      'How many seconds the refresh token just spent still answers with the pair it was spent for; `0`: not at all.',
  }),
  /** How long a session can be prolonged by refreshing, counted from its first pair. */
  familyMaxAge: wholeNumber(1, 100 * YEAR)
    .default(3 * YEAR)
    .meta({
      expected: 'a whole number of seconds, at least 1',
      description: 'How many seconds a session can be prolonged by refreshing, counted from its first pair.',
    }),
  sessionsPerClient: z
    .union([wholeNumber(1, 1_000_000), z.literal('unlimited'), z.literal(Infinity)])
    .default(1)
    .meta({
      expected: 'a whole number, at least 1, or "unlimited"',
      description: 'Live sessions a client may have; a new one beyond that ends the oldest.',
    }),
  /** How exactly it is kept when a session was last used, in seconds; 0: not at all. */
  trackLastUsed: wholeNumber(0, YEAR).default(0).meta({
    expected: 'a whole number of seconds; 0 for off',
    description:
      'How exactly it is kept when a session was last used, in seconds: at most one write per session in that time, which no request waits for. `0`: not at all. The REST persistence API has no room for it.',
  }),
  /** Tolerated difference between clocks when `exp`, `nbf` and `iat` are checked. */
  clockTolerance: wholeNumber(0, 600).default(5).meta({
    expected: 'a whole number of seconds from 0 to 600',
    description: 'Tolerated difference between clocks in seconds, when `exp`, `nbf` and `iat` are checked.',
  }),
  storeTimeout: z.number().min(0.01).max(60).optional().meta({
    expected: 'a number of seconds from 0.01 to 60',
    description:
      'Time limit of one operation on a store across a network, and of a write to the embedded one, in seconds. Default: 1; with the REST persistence API 5, as the client of the Python original.',
  }),
  /** How many sessions of a store across a network are kept in memory while it tells of their changes; 0: none. */
  trackedCacheSize: wholeNumber(0, 10_000_000).default(10_000).meta({
    expected: 'a whole number',
    description:
      'How many sessions of the embedded store, or of one across a network, are kept in memory while it tells of their changes; `0`: none, each request reads from the store.',
  }),
  /** How many verified tokens are remembered so that their signature is not computed again. */
  verifiedTokenCacheSize: wholeNumber(1, 10_000_000).default(10_000).meta({
    expected: 'a whole number, at least 1',
    description: 'How many verified tokens are remembered so that their signature is not computed again.',
  }),
  ...COOKIE_SETTINGS,
  ...WEBSOCKET_SETTINGS,
  /** Where requests of HTTP have the principal besides, for code written for Passport. */
  userProperty: text(userPropertyFault).optional().meta({
    expected: 'the name of a property such as "user"',
    description:
      'Property of the request that has the principal besides, for code written for Passport: `"user"` puts it at `request.user`. Routes that ask for no token leave it alone.',
  }),
  /** Where messages carry the token whose transport has no headers. */
  messageTokenKey: text(messageKeyFault).optional().meta({
    expected: 'the name of a key such as "accessToken"',
    description:
      "Key of a message's payload that carries the access token, for microservices whose transport has no headers (TCP, Redis); the master token is then under `master-token`. Handlers see neither. Without it, such messages carry no token.",
  }),
  /** Seconds until no connection is left of an application that closes. */
  shutdownTimeout: z.number().min(0.1).max(3600).default(5).meta({
    expected: 'a number of seconds from 0.1 to 3600',
    description:
      'How many seconds an application that closes may take to give the answers under way and to close all connections; what is left then is cut.',
  }),
  /** Failed attempts in a minute from one address; it has to wait after the one that exceeds them; 0: never. */
  failedAttemptsPerAddress: wholeNumber(0, 1_000_000).default(1000).meta({
    expected: 'a whole number; 0 for no limit',
    description:
      'Limit of requests with bad credentials from one address (of IPv6, one /64) in a minute; after the one that exceeds it, the address gets 429 for bad tokens, and for the master token whatever it sends. `0`: no limit.',
  }),
  /** The same for one client's tokens from one address. */
  failedAttemptsPerClient: wholeNumber(0, 1_000_000).default(100).meta({
    expected: 'a whole number; 0 for no limit',
    description:
      'The same for tokens of one client that are not current any more, sent from one address. `0`: no limit.',
  }),
  /** `memory:`, or the URL of a Redis in which all processes count together. */
  failedAttemptsStore: text(attemptsStoreFault).default('memory:').meta({
    expected: '"memory:" or a redis:// URL',
    description: 'Where failed attempts are counted: in each process, or in Redis for all of them together.',
  }),
  /** Addresses and CIDR blocks of proxies whose `X-Forwarded-For` is believed. */
  trustedProxies: z.array(text(proxyFault)).default([]).meta({
    expected: 'a list of IP addresses and CIDR blocks such as ["10.0.0.0/8"]',
    description:
      "Proxies whose `X-Forwarded-For` is believed. Without the right ones, all that comes through a proxy counts as the proxy's.",
  }),
  ...OPERATOR_SETTINGS,
} as const;

/** A key of the configuration in camelCase. */
export type SettingName = keyof typeof SETTINGS;

export const SETTING_NAMES = Object.keys(SETTINGS) as SettingName[];

import { resolve } from 'node:path';
import type { JWK } from 'jose';
import * as z from 'zod';
import { ConfigError } from '../errors.js';
import { readBoundedFileSync, readingFault } from '../files/bounded-file.js';
import { clientKeyFault } from './client-keys.js';
import { clientSecretFault, clientSecretHash } from './client-secret.js';
import { clientSecretHashFault } from './secret-faults.js';
import { scopeNameFault } from './scope-name.js';
import { entries, entryText } from './setting-entries.js';
import type { Speller } from './name-case.js';

/** How clients of the OAuth endpoints may authenticate themselves. @see RFC 6749 section 2.3.1, RFC 7523 section 2.2 */
export const CLIENT_METHODS = ['client_secret_basic', 'client_secret_post', 'private_key_jwt'] as const;
/** What clients may ask the token endpoint for. */
export const CLIENT_GRANTS = ['client_credentials', 'refresh_token'] as const;

export type ClientMethod = (typeof CLIENT_METHODS)[number];
export type ClientGrant = (typeof CLIENT_GRANTS)[number];

/** A client with credentials of its own, as options and config file have it. Durations are seconds. */
export interface ClientOptions {
  readonly clientId: string;
  /** For people. */
  readonly name?: string | undefined;
  /** Default: `private_key_jwt` with public keys, otherwise `client_secret_basic`. */
  readonly method?: ClientMethod | undefined;
  /** `sha256:` and the 64 hexadecimal digits of each secret's SHA-256: one, or two while one takes the place of the other. */
  readonly secretHashes?: readonly string[] | undefined;
  /** The secrets themselves, of 128 random bits at least; better as hashes. */
  readonly secrets?: readonly string[] | undefined;
  /** Public keys of `private_key_jwt`, as JWKs. */
  readonly publicKeys?: readonly JWK[] | undefined;
  /** Path of a JWK Set file with public keys; read at start. */
  readonly publicKeysFile?: string | undefined;
  /** Default: `client_credentials`. */
  readonly grants?: readonly ClientGrant[] | undefined;
  /** What it may ask for. Default: none. */
  readonly scopes?: readonly string[] | undefined;
  /** Which resources it may ask for (RFC 8707). Default: none. */
  readonly audiences?: readonly string[] | undefined;
  /** Whether it may introspect tokens. Default: false. */
  readonly introspect?: boolean | undefined;
  /** Default: `client-credentials-expires-in`. */
  readonly accessTokenExpiresIn?: number | undefined;
  /** Default: true. */
  readonly enabled?: boolean | undefined;
}

/** A client of the configuration, as a store would keep it. */
export interface ClientConfig {
  readonly clientId: string;
  readonly name: string | undefined;
  readonly authenticationMethod: ClientMethod;
  readonly secretHashes: readonly string[];
  readonly publicKeys: readonly JWK[];
  readonly grants: readonly ClientGrant[];
  readonly scopes: readonly string[];
  readonly audiences: readonly string[];
  readonly mayIntrospect: boolean;
  readonly accessTokenExpiresIn: number | undefined;
  readonly isEnabled: boolean;
}

const YEAR = 365 * 24 * 60 * 60;
/** One takes the place of the other. */
export const SECRETS_PER_CLIENT = 2;

// As in src/sessions/client-id.ts, which is below this room.
const CLIENT_ID = /^[^\p{Cc}\p{Zl}\p{Zp}\p{Cs}]{1,256}$/u;

/** What is no resource. @see RFC 8707 section 2 */
export function resourceFault(resource: string): string | undefined {
  return URL.canParse(resource) && !resource.includes('#')
    ? undefined
    : 'is no absolute URI without a fragment';
}

export function clientList() {
  const list = (fault: (value: string) => string | undefined) => z.array(entryText(fault));
  const entry = z.strictObject({
    'client-id': entryText((id) =>
      CLIENT_ID.test(id) && id.length <= 256
        ? undefined
        : 'is no client identifier: 1 to 256 characters, none of them a control character',
    ),
    name: entryText(() => undefined)
      .optional()
      .meta({ description: 'For people.' }),
    method: z
      .enum(CLIENT_METHODS, { error: `is none of ${CLIENT_METHODS.join(', ')}` })
      .optional()
      .meta({ description: 'How it authenticates itself.' }),
    'secret-hashes': list(clientSecretHashFault).max(SECRETS_PER_CLIENT).default([]).meta({
      description: 'Its secrets, as `sha256:` and 64 hexadecimal digits; two while one replaces the other.',
    }),
    secrets: list(clientSecretFault)
      .max(SECRETS_PER_CLIENT)
      .default([])
      .meta({ description: 'The secrets themselves; better as hashes.' }),
    'public-keys': z
      .array(z.record(z.string(), z.unknown(), { error: 'is no JSON Web Key' }))
      .default([])
      .meta({ description: 'Public keys of `private_key_jwt`, as JWKs.' }),
    'public-keys-file': entryText(() => undefined)
      .optional()
      .meta({ description: 'Path of a JWK Set file with public keys.' }),
    grants: z
      .array(z.enum(CLIENT_GRANTS, { error: `is none of ${CLIENT_GRANTS.join(', ')}` }))
      .default(['client_credentials'])
      .meta({ description: 'What it may ask the token endpoint for.' }),
    scopes: list(scopeNameFault).default([]).meta({ description: 'Scopes that it may ask for.' }),
    audiences: list(resourceFault)
      .default([])
      .meta({ description: 'Resources that it may ask for (RFC 8707).' }),
    introspect: z
      .boolean({ error: 'is neither true nor false' })
      .default(false)
      .meta({ description: 'Whether it may introspect tokens.' }),
    'access-token-expires-in': z
      .int({ error: 'is no whole number of seconds' })
      .min(1)
      .max(100 * YEAR)
      .optional()
      .meta({ description: 'Lifetime of its access tokens in seconds.' }),
    enabled: z
      .boolean({ error: 'is neither true nor false' })
      .default(true)
      .meta({ description: 'Whether it may do anything.' }),
  });
  return entries(entry, (given, context) => {
    const secrets = [...listed(given['secret-hashes']), ...listed(given.secrets)];
    const hasKeys = listed(given['public-keys']).length > 0 || given['public-keys-file'] !== undefined;
    const method = given.method ?? (hasKeys ? 'private_key_jwt' : 'client_secret_basic');
    const message =
      method === 'private_key_jwt'
        ? secrets.length > 0
          ? 'has secrets, which private_key_jwt does not use; leave them out'
          : hasKeys
            ? undefined
            : 'needs "public-keys" or "public-keys-file"'
        : hasKeys
          ? `has public keys, which ${method} does not use; leave them out`
          : secrets.length === 0 || secrets.length > SECRETS_PER_CLIENT
            ? 'needs one secret in "secret-hashes", or two while one replaces the other'
            : undefined;
    if (message !== undefined) context.addIssue({ code: 'custom', message });
  });
}

/** What is no list is a fault of its own. */
function listed(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

export type ClientEntry = z.output<ReturnType<typeof clientList>>[number];

/**
 * The clients of the configuration.
 * @param cwd folder that paths of files start from
 * @param scopes those that are known; undefined: any
 * @param spell how whoever wrote them spells names
 * @throws ConfigError naming every fault
 */
export function configuredClients(
  list: readonly ClientEntry[],
  cwd: string,
  scopes: Readonly<Record<string, string>> | undefined,
  spell: Speller,
): readonly ClientConfig[] {
  const faults: string[] = [];
  const known = new Set<string>();
  const clients = list.map((entry): ClientConfig => {
    const place = `clients ${JSON.stringify(entry['client-id'])}`;
    if (known.has(entry['client-id'])) faults.push(`${place} is listed twice`);
    known.add(entry['client-id']);
    const unknown = entry.scopes.filter((scope) => scopes && !Object.hasOwn(scopes, scope));
    if (unknown.length > 0)
      faults.push(`${place} has scopes that "scopes" does not list: ${unknown.join(' ')}`);
    const publicKeys = [...(entry['public-keys'] as JWK[])];
    const file = entry['public-keys-file'];
    if (file !== undefined) {
      try {
        publicKeys.push(...readKeys(resolve(cwd, file)));
      } catch (error) {
        faults.push(
          `${place}: "${spell('public-keys-file')}" ${JSON.stringify(file)} ${(error as Error).message}`,
        );
      }
    }
    for (const [n, key] of publicKeys.entries()) {
      const fault = clientKeyFault(key);
      if (fault !== undefined) faults.push(`${place}: public key ${n + 1} ${fault}`);
    }
    const hashes = entry['secret-hashes'].map((hash) =>
      Buffer.from(hash.slice('sha256:'.length), 'hex').toString('base64url'),
    );
    return Object.freeze({
      clientId: entry['client-id'],
      name: entry.name,
      authenticationMethod:
        entry.method ?? (publicKeys.length > 0 ? 'private_key_jwt' : 'client_secret_basic'),
      secretHashes: Object.freeze([...hashes, ...entry.secrets.map(clientSecretHash)]),
      publicKeys: Object.freeze(publicKeys),
      grants: Object.freeze(entry.grants),
      scopes: Object.freeze([...new Set(entry.scopes)]),
      audiences: Object.freeze([...new Set(entry.audiences)]),
      mayIntrospect: entry.introspect,
      accessTokenExpiresIn: entry['access-token-expires-in'],
      isEnabled: entry.enabled,
    });
  });
  if (faults.length > 0) throw new ConfigError(faults);
  return Object.freeze(clients);
}

/** @throws Error the end of a sentence about the file */
export function readKeys(file: string): readonly JWK[] {
  let text: string;
  try {
    text = readBoundedFileSync(file).toString();
  } catch (error) {
    throw new Error(readingFault(error), { cause: error });
  }
  try {
    const { keys } = JSON.parse(text) as { keys?: unknown };
    if (Array.isArray(keys) && keys.length > 0) return keys as JWK[];
  } catch {
    // Told below.
  }
  throw new Error('is no JWK Set: {"keys": [ … ]} with one key or more');
}

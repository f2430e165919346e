import { resolve } from 'node:path';
import * as z from 'zod';
import { ConfigError } from '../errors.js';
import { ALGORITHM_NAMES, type AlgorithmName } from '../keys/algorithms.js';
import { importJwk, importPem, importSecret, type KeyRole } from '../keys/import-key.js';
import type { JsonWebKey } from '../keys/json-web-key.js';
import { KID } from '../keys/key-id.js';
import type { ScheduledKey } from '../keys/key-schedule.js';
import { KEY_STATUSES, type KeyStatus, type RingKey } from '../keys/ring-key.js';
import { readSecretFileSync } from './secret-file.js';
import { cryptographyKeyFault } from './secret-faults.js';
import { entries, entryText, entryTime } from './setting-entries.js';
import { timeOf } from './time-setting.js';
import type { Speller } from './name-case.js';

/** One key of several, as options, config file, environment and key providers give it. */
export interface CryptographyKeyOptions {
  /** Key identifier (RFC 7515 section 4.1.4). Default: the JWK's own, otherwise made from the key without telling it. */
  readonly kid?: string | undefined;
  /** A text; its UTF-8 bytes are the secret. One of `secret`, `jwk`, `pem` and `pemFile`. */
  readonly secret?: string | undefined;
  /** A JWK (RFC 7517). */
  readonly jwk?: JsonWebKey | undefined;
  /** A PEM text: PKCS #8, PKCS #1 or SEC 1, or SPKI for a key that only verifies. */
  readonly pem?: string | undefined;
  /** Path of a file that holds one. */
  readonly pemFile?: string | undefined;
  /** The one algorithm it is for. Default: the JWK's `alg`, `HS256` for a secret. */
  readonly algorithm?: AlgorithmName | undefined;
  /** `signing`, `next` (accepted, published, not signing yet) or `verify-only`. Default: `signing`. */
  readonly status?: KeyStatus | undefined;
  /** From when a `next` key signs: epoch seconds, or a date such as `2027-01-31T12:00:00Z`. Default: not by itself. */
  readonly signingFrom?: string | number | undefined;
  /** From when it is refused. Default: when it is taken out. */
  readonly verifyUntil?: string | number | undefined;
  /** Whether tokens that name no key may be of this one. Default: true. */
  readonly acceptsMissingKid?: boolean | undefined;
}

const MATERIALS = ['secret', 'jwk', 'pem', 'pem-file'] as const;

export function cryptographyKeyList() {
  const entry = z.strictObject({
    kid: entryText((kid) =>
      KID.test(kid) ? undefined : 'is no key identifier: 1 to 64 of A-Z a-z 0-9 . _ -',
    )
      .optional()
      .meta({ description: 'Key identifier. Made from the key unless it is given.' }),
    secret: entryText(cryptographyKeyFault)
      .optional()
      .meta({ description: 'A text; its UTF-8 bytes are the secret. Or `jwk`, `pem`, `pem-file`.' }),
    jwk: z
      .record(z.string(), z.unknown(), { error: 'is no JSON Web Key' })
      .optional()
      .meta({ description: 'A JSON Web Key (RFC 7517).' }),
    pem: entryText(() => undefined)
      .optional()
      .meta({ description: 'A PEM text.' }),
    'pem-file': entryText(() => undefined)
      .optional()
      .meta({ description: 'Path of a PEM file.' }),
    algorithm: z
      .enum(ALGORITHM_NAMES as [AlgorithmName, ...AlgorithmName[]], {
        error: `is none of ${ALGORITHM_NAMES.join(', ')}`,
      })
      .optional()
      .meta({
        description: "The one algorithm it is for. Without it the JWK's `alg`, or HS256 for a `secret`.",
      }),
    status: z
      .enum(KEY_STATUSES, { error: `is none of ${KEY_STATUSES.join(', ')}` })
      .default('signing')
      .meta({ description: '`next`: accepted and published, but not signing yet.' }),
    'signing-from': entryTime().optional().meta({ description: 'From when a `next` key signs.' }),
    'verify-until': entryTime().optional().meta({ description: 'From when it is refused.' }),
    'accepts-missing-kid': z
      .boolean({ error: 'is neither true nor false' })
      .optional()
      .meta({ description: 'Whether tokens that name no key may be of this one.' }),
  });
  return entries(entry, (given, context) => {
    if (MATERIALS.filter((name) => given[name] !== undefined).length !== 1) {
      context.addIssue({ code: 'custom', message: 'needs one of "secret", "jwk", "pem" and "pem-file"' });
    }
    if ((given.pem ?? given['pem-file']) !== undefined && given.algorithm === undefined) {
      context.addIssue({ code: 'custom', message: 'needs "algorithm": a PEM key does not tell it' });
    }
  });
}

export type CryptographyKeyEntry = z.output<ReturnType<typeof cryptographyKeyList>>[number];

/**
 * Reads the keys of entries whose form was checked.
 * @param source where they stand, for people
 * @param cwd folder that paths of PEM files start from
 * @param spell how whoever wrote them spells names
 * @throws ConfigError naming every key that cannot be used; no value is told
 */
export function scheduledKeys(
  list: readonly CryptographyKeyEntry[],
  source: string,
  cwd: string,
  spell: Speller,
): readonly ScheduledKey[] {
  const faults: string[] = [];
  const keys = list.flatMap((entry, index) => {
    try {
      const key = importEntry(entry, cwd, spell);
      return [{ key, signingFrom: timeOf(entry['signing-from']), source, isFallback: false }];
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      faults.push(...error.faults.map((fault) => `${source}[${index}]: ${fault}`));
      return [];
    }
  });
  if (faults.length > 0) throw new ConfigError(faults);
  return keys;
}

function importEntry(entry: CryptographyKeyEntry, cwd: string, spell: Speller): RingKey {
  const role: KeyRole = {
    kid: entry.kid,
    algorithm: entry.algorithm,
    status: entry.status,
    verifyUntil: timeOf(entry['verify-until']),
    acceptsMissingKid: entry['accepts-missing-kid'],
  };
  if (entry.secret !== undefined) return importSecret(entry.secret, role);
  if (entry.jwk !== undefined) return importJwk(entry.jwk as JsonWebKey, role);
  const pem = entry.pem ?? readPemFile(resolve(cwd, entry['pem-file'] ?? ''), spell);
  return importPem(pem, { ...role, algorithm: entry.algorithm as AlgorithmName });
}

function readPemFile(path: string, spell: Speller): string {
  try {
    return readSecretFileSync(path).toString();
  } catch (error) {
    throw new ConfigError([`"${spell('pem-file')}" ${(error as Error).message}`]);
  }
}

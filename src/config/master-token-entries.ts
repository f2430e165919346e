import { createHash } from 'node:crypto';
import * as z from 'zod';
import { isSecretHash, masterTokenFault, masterTokenHashFault } from './secret-faults.js';
import { timeOf } from './time-setting.js';
import { entries, entryText, entryTime } from './setting-entries.js';

/** One of several master tokens, as options and config file have it. */
export interface MasterTokenOptions {
  /** Tells it from the others in audits: letters, digits, `.`, `_` and `-`, at most 64. */
  readonly name: string;
  /** The token itself; or `hash`. */
  readonly token?: string | undefined;
  /** `sha256:` and the 64 hexadecimal digits of its SHA-256, so that the configuration does not hold it. */
  readonly hash?: string | undefined;
  /** From when it is refused: epoch seconds, or a date such as `2027-01-31` (UTC) or `2027-01-31T12:00:00Z`. Default: never. */
  readonly expiresAt?: string | number | undefined;
}

/** A master token as it is compared. */
export interface MasterTokenConfig {
  readonly name: string;
  /** SHA-256 of the token's text, in hexadecimal digits. */
  readonly hash: string;
  /** Epoch seconds. */
  readonly expiresAt: number | undefined;
}

/** Which of the two, where one text serves as both. */
export const CHANGE_THE_TOKEN =
  'Change the master token, since a new key would end every token: make a second one with "npx fastauth keys generate --print"';

/** The name of the token that `master-token` sets. */
export const SINGLE_MASTER_TOKEN = 'master-token';

export function masterTokenList() {
  const entry = z.strictObject({
    name: entryText((name) =>
      /^[\w.-]{1,64}$/.test(name) ? undefined : 'is no name: letters, digits, ".", "_" and "-", at most 64',
    ).meta({ description: 'Tells it from the others in audits.' }),
    token: entryText(masterTokenFault).optional().meta({ description: 'The token itself.' }),
    hash: entryText(masterTokenHashFault)
      .optional()
      .meta({ description: 'Instead of `token`: `sha256:` and 64 hexadecimal digits.' }),
    'expires-at': entryTime().optional().meta({ description: 'From when it is refused.' }),
  });
  return entries(entry, (given, context) => {
    if ((given.token === undefined) === (given.hash === undefined)) {
      context.addIssue({ code: 'custom', message: 'needs one of "token" and "hash"' });
    }
  });
}

export type MasterTokenEntry = z.output<ReturnType<typeof masterTokenList>>[number];

/** Every master token: the single one under its own name, then the list. */
export function masterTokensOf(
  single: string | undefined,
  list: readonly MasterTokenEntry[],
): readonly MasterTokenConfig[] {
  return [
    ...(single === undefined
      ? []
      : [{ name: SINGLE_MASTER_TOKEN, hash: hashOf(single), expiresAt: undefined }]),
    ...list.map(({ name, token, hash, 'expires-at': expiresAt }) => ({
      name,
      hash: hashOf(token ?? hash ?? ''),
      expiresAt: timeOf(expiresAt),
    })),
  ].map((token) => Object.freeze(token));
}

/** What is wrong with several secrets together, and whose settings are to be told with it. */
export interface SecretsFault {
  readonly fault: string;
  readonly settings: readonly SecretSetting[];
}

type SecretSetting = 'masterToken' | 'masterTokens' | 'cryptographyKey' | 'cryptographyKeys';

/** What is wrong with the tokens together. Only names are told. */
export function masterTokenFaults(
  tokens: readonly MasterTokenConfig[],
  cryptographyKeys: readonly { readonly text: string; readonly setting: SecretSetting }[],
): SecretsFault[] {
  const faults: SecretsFault[] = [];
  const keys = new Map(cryptographyKeys.map(({ text, setting }) => [sha256(text), setting]));
  const byName = new Map<string, MasterTokenConfig>();
  const byHash = new Map<string, MasterTokenConfig>();
  for (const token of tokens) {
    const twin = byHash.get(token.hash);
    if (byName.has(token.name)) {
      faults.push({
        fault: `master-tokens has two tokens named ${JSON.stringify(token.name)}; give each its own name`,
        settings: ['masterTokens'],
      });
    }
    if (twin) {
      faults.push({
        fault: `${placesOf(twin, token)} are the same token; leave one out`,
        settings: [...new Set([settingOf(twin), settingOf(token)])],
      });
    }
    const keySetting = keys.get(token.hash);
    if (keySetting !== undefined) {
      faults.push({
        fault:
          `${placeOf(token)} and cryptography-key are the same text: whoever may call master routes could then forge any token. ` +
          CHANGE_THE_TOKEN,
        settings: [settingOf(token), keySetting],
      });
    }
    byName.set(token.name, token);
    byHash.set(token.hash, token);
  }
  return faults;
}

/** Which of the two settings has it. */
export function settingOf({ name }: MasterTokenConfig): 'masterToken' | 'masterTokens' {
  return name === SINGLE_MASTER_TOKEN ? 'masterToken' : 'masterTokens';
}

function placesOf(one: MasterTokenConfig, other: MasterTokenConfig): string {
  const isSingle = settingOf(one) === 'masterToken';
  return `${placeOf(one)} and ${isSingle ? placeOf(other) : JSON.stringify(other.name)}`;
}

/** Where it is, as the config file spells it. */
export function placeOf({ name }: MasterTokenConfig): string {
  return name === SINGLE_MASTER_TOKEN ? name : `master-tokens ${JSON.stringify(name)}`;
}

/** The form in which the configuration may hold a master token: whoever reads it cannot use it. */
export function masterTokenHash(token: string): string {
  return `sha256:${sha256(token)}`;
}

function hashOf(tokenOrHash: string): string {
  return isSecretHash(tokenOrHash) ? tokenOrHash.slice('sha256:'.length).toLowerCase() : sha256(tokenOrHash);
}

/** In hexadecimal digits. */
export function sha256(text: string | Buffer): string {
  return createHash('sha256').update(text).digest('hex');
}

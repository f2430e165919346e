import type { JsonWebKeyMembers } from './json-web-key.js';

/** A JWK with what a key set file says besides (RFC 7517 section 4 allows members of one's own). */
export interface KeySetEntry extends JsonWebKeyMembers {
  status?: string;
  signing_from?: number | string;
  verify_until?: number | string;
  accepts_missing_kid?: boolean;
}

/** A key set file: a JWK Set (RFC 7517 section 5), with keys that are no longer accepted wherever they are configured. */
export interface KeySetDocument {
  readonly keys: readonly KeySetEntry[];
  /** From when each of them is refused: epoch seconds, by `kid`. */
  readonly retired?: Readonly<Record<string, number>>;
}

export const EMPTY_KEY_SET: KeySetDocument = { keys: [] };

/** With one more key. */
export function withKey(document: KeySetDocument, entry: KeySetEntry): KeySetDocument {
  return { ...document, keys: [...document.keys, entry] };
}

/** With a key that is refused from `at` on (epoch seconds). */
export function withRetired(document: KeySetDocument, kid: string, at: number): KeySetDocument {
  return { ...document, retired: { ...document.retired, [kid]: at } };
}

/** Without the keys that were retired before `now`; that they are retired is kept, since they may be configured elsewhere. */
export function withoutRetired(document: KeySetDocument, now: number): KeySetDocument {
  const { retired = {} } = document;
  return {
    ...document,
    keys: document.keys.filter(
      ({ kid }) => typeof kid !== 'string' || !Object.hasOwn(retired, kid) || (retired[kid] as number) > now,
    ),
  };
}

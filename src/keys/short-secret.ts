import type { ScheduledKey } from './key-schedule.js';

/** Bytes an HS256 secret should have. @see RFC 7518 section 3.2 */
const HS256_SECRET_BYTES = 32;

/**
 * Sentences about secrets that are shorter than HS256 asks for, whatever they were read from. They are used all the
 * same, since those of the Python original may be; the other algorithms refuse theirs.
 */
export function shortSecretWarnings(keys: readonly ScheduledKey[]): readonly string[] {
  return keys
    .filter(({ key }) => isShort(key.acceptingKey.symmetricKeySize ?? Infinity))
    .map(({ key, source }) => `${source}: the key ${key.kid} ${IS_SHORT}; rotate to another one`);
}

/** The end of such a sentence. */
export const IS_SHORT = `is shorter than ${HS256_SECRET_BYTES} bytes, which HS256 needs (RFC 7518 section 3.2)`;

/** Whether so many bytes are fewer than HS256 asks for. */
export function isShort(bytes: number): boolean {
  return bytes < HS256_SECRET_BYTES;
}

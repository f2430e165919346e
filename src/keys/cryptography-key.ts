import { randomBytes } from 'node:crypto';

/** Bytes of a key; HS256 wants at least as many. @see RFC 7518 section 3.2 */
const KEY_BYTES = 32;

/**
 * Makes a key for `cryptography-key` or a master token: 32 random bytes as URL-safe base64 with padding
 * (44 characters), in the form that Python's Fernet also takes.
 *
 * @example
 * generateCryptographyKey(); // 'rWq…Y0='
 */
export function generateCryptographyKey(): string {
  return `${randomBytes(KEY_BYTES).toString('base64url')}=`;
}

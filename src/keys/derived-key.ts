import { createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';
import type { EncryptionKey, RingKey } from './ring-key.js';

/**
 * 32 bytes for another purpose than the key's own, by HKDF-SHA-256 (RFC 5869): who has them does not have the key.
 * @param purpose told apart by its text
 */
export function derivedSecret(secret: KeyObject, purpose: string): KeyObject {
  return createSecretKey(Buffer.from(hkdfSync('sha256', secret, '', `fastauth ${purpose}`, 32)));
}

/**
 * The encryption key that goes with a secret, so that one secret is enough for encrypted tokens; it lives as long.
 * @returns undefined for key pairs
 */
export function derivedEncryptionKey(key: RingKey): EncryptionKey | undefined {
  if (key.acceptingKey.type !== 'secret') return undefined;
  const secret = derivedSecret(key.acceptingKey, 'dir A256GCM v1');
  return Object.freeze({ ...key, algorithm: 'dir', use: 'enc', issuingKey: secret, acceptingKey: secret });
}

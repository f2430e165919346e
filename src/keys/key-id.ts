import { hash, hkdfSync, type KeyObject } from 'node:crypto';

/** What a `kid` may look like here: it is looked up and logged, never a path or a query. */
export const KID = /^[A-Za-z0-9._-]{1,64}$/;

/** The members that a JWK thumbprint is made of, in its order. @see RFC 7638 section 3.2, RFC 8037 section 2 */
const THUMBPRINT_MEMBERS: Readonly<Record<string, readonly string[]>> = {
  EC: ['crv', 'kty', 'x', 'y'],
  OKP: ['crv', 'kty', 'x'],
  RSA: ['e', 'kty', 'n'],
};

/**
 * The identifier of a key when it is given none: of a public key its thumbprint (RFC 7638, SHA-256); of a secret 16
 * bytes derived from it by HKDF-SHA-256 (RFC 5869), because a thumbprint would be a plain hash of the secret.
 * @param key a secret or a public key
 */
export function keyIdOf(key: KeyObject): string {
  if (key.type === 'secret') {
    return Buffer.from(hkdfSync('sha256', key, '', 'fastauth kid v1', 16)).toString('hex');
  }
  const jwk = key.export({ format: 'jwk' });
  const members = THUMBPRINT_MEMBERS[jwk.kty as string] as readonly string[];
  return hash(
    'sha256',
    JSON.stringify(Object.fromEntries(members.map((name) => [name, jwk[name]]))),
    'base64url',
  );
}

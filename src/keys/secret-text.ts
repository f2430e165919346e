/**
 * Whether a text is that of a key pair: PEM, SSH or JWK. A public key must never become a shared secret.
 * @see RFC 8725 section 2.1
 */
export function isKeyPairText(text: string): boolean {
  return /-----BEGIN |^\s*(ssh-|ecdsa-)|"kty"\s*:/.test(text);
}

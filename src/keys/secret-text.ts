/**
 * Whether a text is that of a key pair: PEM, SSH or JWK. A public key must never become a shared secret.
 * @see RFC 8725 section 2.1
 */
export function isKeyPairText(text: string): boolean {
  return /-----BEGIN |^\s*(ssh-|ecdsa-)|"kty"\s*:/.test(text);
}

/** Secrets that stand in documentation: whoever reads that page has them. With where they stand. */
const PUBLISHED_SECRETS: ReadonlyMap<string, string> = new Map([
  ['kAONxbkATfyk3kmnUhw7YyAMotmvuJ6tVsuT1w3A6N4=', "the original's documentation"],
  ...['256', '384', '512'].flatMap((bits): [string, string][] => [
    [`your-${bits}-bit-secret`, 'jwt.io'],
    [`a-string-secret-at-least-${bits}-bits-long`, 'jwt.io'],
  ]),
  [
    'DO NOT USE THIS VALUE. INSTEAD, CREATE A COMPLEX SECRET AND KEEP IT SAFE OUTSIDE OF THE SOURCE CODE.',
    "NestJS' documentation",
  ],
]);

/** The texts of {@link placeOfPublication}. */
export const PUBLISHED_TEXTS: readonly string[] = [...PUBLISHED_SECRETS.keys()];

/** Where a secret is published, as a text or decoded from base64url; undefined: nowhere that is known. */
export function placeOfPublication(secret: Buffer): string | undefined {
  return (
    PUBLISHED_SECRETS.get(secret.toString()) ?? PUBLISHED_SECRETS.get(`${secret.toString('base64url')}=`)
  );
}

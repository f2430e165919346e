import { isUtf8 } from 'node:buffer';

const HOW_TO_MAKE_ONE = 'make one with "npx fastauth keys generate --print"';

/**
 * Why bytes cannot be a shared secret, as the end of a sentence that does not tell them: the one place where secrets
 * are judged, whatever they were read from.
 */
export function secretFault(secret: Buffer): string | undefined {
  if (secret.length === 0) return `is empty; ${HOW_TO_MAKE_ONE}`;
  const place = placeOfPublication(secret);
  if (place !== undefined) return `is the sample key that is published in ${place}; ${HOW_TO_MAKE_ONE}`;
  return isUtf8(secret) ? secretTextFault(secret.toString()) : undefined;
}

function secretTextFault(text: string): string | undefined {
  if (text.trim() === '') return `is white space only; ${HOW_TO_MAKE_ONE}`;
  if (isPlaceholder(text)) return `is still the placeholder of the example; ${HOW_TO_MAKE_ONE}`;
  if (isKeyPairText(text)) {
    return `is a key pair's PEM, SSH or JWK text, and a public key is no secret; an HS256 secret is random text: ${HOW_TO_MAKE_ONE}`;
  }
  return undefined;
}

/** Text such as `<your-master-token>`, as examples have it. */
export function isPlaceholder(text: string): boolean {
  return /^\s*<.*>\s*$/s.test(text) || /<your[- _]/i.test(text);
}

/**
 * Whether a text is that of a key pair: PEM, SSH or JWK. A public key must never become a shared secret.
 * @see RFC 8725 section 2.1
 */
function isKeyPairText(text: string): boolean {
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
function placeOfPublication(secret: Buffer): string | undefined {
  return (
    PUBLISHED_SECRETS.get(secret.toString()) ?? PUBLISHED_SECRETS.get(`${secret.toString('base64url')}=`)
  );
}

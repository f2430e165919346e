import { createHash } from 'node:crypto';

/** What a secret of one's own has to be hard to guess by: nothing stretches it, so that a grant costs no slow hash. */
const NEEDED_BITS = 128;
/** A random text of the needed length has more different characters than this, but for one in a billion. */
const LEAST_DIFFERENT = 8;

/** How many characters a text may be made of, judged by those that it has. */
const ALPHABETS: readonly (readonly [pattern: RegExp, size: number])[] = [
  [/^[0-9]+$/, 10],
  [/^(?:[0-9a-f]+|[0-9A-F]+)$/, 16],
  [/^(?:[a-z]+|[A-Z]+)$/, 26],
  [/^(?:[0-9a-z]+|[0-9A-Z]+)$/, 36],
  [/^[\w+/=-]+$/, 62],
  [/^[\x21-\x7e]+$/, 90],
];

/** Why a text cannot be a client's secret. */
export function clientSecretFault(secret: string): string | undefined {
  const size = ALPHABETS.find(([pattern]) => pattern.test(secret))?.[1];
  if (size === undefined) return 'has white space, or characters beyond ASCII';
  const isRandom = secret.length * Math.log2(size) >= NEEDED_BITS && new Set(secret).size > LEAST_DIFFERENT;
  return isRandom
    ? undefined
    : `can be guessed (it needs ${NEEDED_BITS} random bits); leave it to "fastauth client add" to make one`;
}

/** What is kept of a client's secret: its SHA-256, base64url. It is random, so there is nothing to stretch. */
export function clientSecretHash(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url');
}

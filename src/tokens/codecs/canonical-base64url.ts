const ALPHABET = /^[\w-]+$/;
/** Which characters may stand last, by the length modulo four: those whose unused bits are 0. */
const LAST = [undefined, '', 'AQgw', 'AEIMQUYcgkosw048'] as const;

/** Whether the text is the one canonical base64url form of some bytes, of one at least. @see RFC 7515 section 2 */
export function isCanonical(part: string): boolean {
  const last = LAST[(part.length % 4) as 0 | 1 | 2 | 3];
  return last !== '' && ALPHABET.test(part) && (last?.includes(part.charAt(part.length - 1)) ?? true);
}

/** The bytes, or undefined where the text is not their canonical form. */
export function decodeCanonical(part: string): Buffer | undefined {
  return isCanonical(part) ? Buffer.from(part, 'base64url') : undefined;
}

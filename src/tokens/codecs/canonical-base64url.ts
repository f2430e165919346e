/** The bytes, or undefined where the text is not the one canonical base64url form of them (RFC 7515 section 2). */
export function decodeCanonical(part: string): Buffer | undefined {
  const bytes = Buffer.from(part, 'base64url');
  return bytes.length > 0 && bytes.toString('base64url') === part ? bytes : undefined;
}

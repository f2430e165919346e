/** Longer headers are none of ours; they are refused before any key is asked for. */
const MAX_HEADER_CHARACTERS = 512;

/** The `kid` that a token's header claims; nothing about it is verified. @see RFC 7515 section 4.1.4 */
export function kidOf(token: string): string | undefined {
  const end = token.indexOf('.');
  if (end === -1 || end > MAX_HEADER_CHARACTERS) return undefined;
  try {
    const header: unknown = JSON.parse(Buffer.from(token.slice(0, end), 'base64url').toString());
    const kid: unknown =
      typeof header === 'object' && header !== null ? Reflect.get(header, 'kid') : undefined;
    return typeof kid === 'string' ? kid : undefined;
  } catch {
    return undefined;
  }
}

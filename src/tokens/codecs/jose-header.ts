import { parseStrictObject, type JsonObject } from '../../json.js';
import { TokenFault } from '../token-fault.js';
import { decodeCanonical } from './canonical-base64url.js';

/**
 * Longer headers are refused unread (characters of base64url; 512 bytes). The longest of ours, with a `kid` of 64
 * characters and an ephemeral key, has 300 bytes; what makes those of others longer (`x5c`, `jwk`, `x5t`) is refused anyway.
 */
export const MAX_HEADER_LENGTH = 683;

/** Objects and arrays that a header may hold: itself and an ephemeral key would do, and no text in it has a bracket. */
const MOST_BRACKETS = 8;

/** The header of a token whose signature nobody has looked at yet: a stranger's text, which is read for little. */
export function readJoseHeader(part: string): JsonObject | TokenFault {
  if (part.length > MAX_HEADER_LENGTH) return TokenFault.badHeader;
  const bytes = decodeCanonical(part);
  if (!bytes) return TokenFault.malformed;
  return parseStrictObject(bytes, MOST_BRACKETS) ?? TokenFault.badHeader;
}

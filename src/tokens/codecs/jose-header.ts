import { parseStrictObject, type JsonObject } from '../../json.js';
import { TokenFault } from '../token-fault.js';
import { decodeCanonical } from './canonical-base64url.js';

/**
 * Longer headers are refused unread (characters of base64url; 512 bytes). The longest of ours, with a `kid` of 64
 * characters and an ephemeral key, has 300 bytes; what makes those of others longer (`x5c`, `jwk`, `x5t`) is refused anyway.
 */
export const MAX_HEADER_LENGTH = 683;

/** Objects and arrays that a header may hold: itself and an ephemeral key would do. */
const MOST_BRACKETS = 8;
const OPENS_OBJECT = 0x7b;
const OPENS_ARRAY = 0x5b;

/** The header of a token whose signature nobody has looked at yet: a stranger's text, which is read for little. */
export function readJoseHeader(part: string): JsonObject | TokenFault {
  if (part.length > MAX_HEADER_LENGTH) return TokenFault.badHeader;
  const bytes = decodeCanonical(part);
  if (!bytes) return TokenFault.malformed;
  // No member that may stand in a header has a bracket in its text.
  let brackets = 0;
  for (const byte of bytes) {
    if ((byte === OPENS_ARRAY || byte === OPENS_OBJECT) && ++brackets > MOST_BRACKETS)
      return TokenFault.badHeader;
  }
  return parseStrictObject(bytes) ?? TokenFault.badHeader;
}

import { plainPath } from './canonical-path.js';
import { percentDecodeBeyondAscii } from './path-rewrites.js';

/**
 * Escapes that leave a path's segments as they are, decoded or not: those of letters, spaces, `@` and the like, but not
 * of `/`, `\\`, `.`, `;`, `?`, `#`, controls, or of a `%` that begins another escape. By those a static server could
 * find another file than the router a route.
 */
const HARMLESS_ESCAPE = /%(?!2[ef3]|25[\da-f]{2}|3[bf]|5c|[01]|7f)[\da-f]{2}/gi;
/** No escapes are looked for in a longer one: who asks has shown no credential yet. */
const MAX_LENGTH = 1024;

/**
 * The path of a request target that all servers read alike, in lower case, as routers match it: some decode, and then
 * letters beyond ASCII are in patterns, too.
 * @returns undefined if anything about it is odd
 */
export function plainlySpelt(target: string): string | undefined {
  return plainPath(target) ?? pathWithEscapes(target);
}

function pathWithEscapes(target: string): string | undefined {
  const query = target.indexOf('?');
  if ((query === -1 ? target.length : query) > MAX_LENGTH) return undefined;
  if (plainPath(target.replaceAll(HARMLESS_ESCAPE, 'x')) === undefined) return undefined;
  const [path = ''] = target.split('?', 1);
  return percentDecodeBeyondAscii(path.toLowerCase()).toLowerCase();
}

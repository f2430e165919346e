import { unescape as unescapeLeniently } from 'node:querystring';

/** Ends the path for some server or other, once it has been decoded; NUL for those that hand it to C. */
const PATH_ENDS = ['?', '#', '\u0000'];
const PARAMETER_MARK = ';';

/** The path without its trailing slashes; the root stays `/`. */
export function withoutTrailingSlashes(path: string): string {
  let end = path.length;
  while (end > 1 && path.charCodeAt(end - 1) === 47) end--;
  return end === path.length ? path : path.slice(0, end);
}

/** Runs of slashes become one. */
export function collapseSlashes(path: string): string {
  return path.includes('//') ? path.replace(/\/{2,}/g, '/') : path;
}

/** Dot segments resolved, never above the root. Empty segments count as segments. @see RFC 3986 section 5.2.4 */
export function resolveDotSegments(path: string): string {
  if (!path.includes('/.')) return path;
  const kept: string[] = [];
  for (const segment of path.slice(1).split('/')) {
    if (segment === '..') kept.pop();
    else if (segment !== '.') kept.push(segment);
  }
  return `/${kept.join('/')}`;
}

/** The path up to a `?`, `#` or NUL that decoding brought to light. */
export function cutAtEnd(path: string): string {
  return PATH_ENDS.reduce((text, mark) => upTo(text, mark) || '/', path);
}

/** The path up to its first `;`, as a server reads it for which the query begins there. */
export function cutAtParameter(path: string): string {
  return upTo(path, PARAMETER_MARK) || '/';
}

/** Every segment up to its first `;`, as a server reads it that knows path parameters. @see RFC 3986 section 3.3 */
export function cutParameters(path: string): string {
  if (!path.includes(PARAMETER_MARK)) return path;
  return path
    .split('/')
    .map((segment) => upTo(segment, PARAMETER_MARK))
    .join('/');
}

/**
 * One level of percent-encoding undone, also where a strict decoder would refuse the text: what is malformed
 * stays as it is, bytes that are no UTF-8 become U+FFFD. Never throws.
 */
export function percentDecode(text: string): string {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    // The lenient decoder takes every character for one byte, so characters beyond ASCII go in as their bytes.
    return unescapeLeniently(Buffer.from(text).toString('latin1'));
  }
}

/** As {@link percentDecode}, but an encoded slash stays encoded, as in Fastify's router. Expects lower case. */
export function percentDecodeExceptSlash(text: string): string {
  return percentDecode(text.replaceAll('%2f', '%252f'));
}

function upTo(text: string, mark: string): string {
  const end = text.indexOf(mark);
  return end === -1 ? text : text.slice(0, end);
}

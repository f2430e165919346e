/** Ends the path for some server or other, once it has been decoded; NUL for those that hand it to C. */
const PATH_ENDS = ['?', '#', '\u0000'];
const PARAMETER_MARK = ';';
const PERCENT = 0x25;
const SLASH = 0x2f;
/** More than any byte. */
const NO_HEX = 0x100;
/** The value of a hexadecimal digit, by its character. */
const HEX = Uint16Array.from({ length: 256 }, (_, code) => {
  const digit = '0123456789abcdef'.indexOf(String.fromCharCode(code).toLowerCase());
  return digit === -1 ? NO_HEX : digit;
});

/** The path without its trailing slashes; the root stays `/`. */
export function withoutTrailingSlashes(path: string): string {
  let end = path.length;
  while (end > 1 && path.charCodeAt(end - 1) === 47) end--;
  return end === path.length ? path : path.slice(0, end);
}

/** The segments of a path; empty ones do not count. */
export function splitPath(path: string): readonly string[] {
  return path.split('/').filter((segment) => segment !== '');
}

/** Runs of slashes become one. */
export function collapseSlashes(path: string): string {
  return path.includes('//') ? path.replace(/\/{2,}/g, '/') : path;
}

/** Dot segments resolved, never above the root. Empty segments count as segments. @see RFC 3986 section 5.2.4 */
export function resolveDotSegments(path: string): string {
  let resolved = '';
  let copied = 0;
  for (let start = path.indexOf('/.'); start !== -1;) {
    const slash = path.indexOf('/', start + 1);
    const end = slash === -1 ? path.length : slash;
    const segment = end - start <= 3 ? path.slice(start + 1, end) : '';
    if (segment === '.' || segment === '..') {
      resolved += path.slice(copied, start);
      if (segment === '..') resolved = resolved.slice(0, Math.max(resolved.lastIndexOf('/'), 0));
      copied = end;
    }
    start = path.indexOf('/.', end);
  }
  return copied === 0 ? path : resolved + path.slice(copied) || '/';
}

/** The path up to a `?`, `#` or NUL that decoding brought to light. */
export function cutAtEnd(path: string): string {
  let cut = path;
  for (const mark of PATH_ENDS) cut = upTo(cut, mark);
  return cut || '/';
}

/** The path up to its first `;`, as a server reads it for which the query begins there. */
export function cutAtParameter(path: string): string {
  return upTo(path, PARAMETER_MARK) || '/';
}

/** Every segment up to its first `;`, as a server reads it that knows path parameters. @see RFC 3986 section 3.3 */
export function cutParameters(path: string): string {
  return path.includes(PARAMETER_MARK) ? path.replace(/;[^/]*/g, '') : path;
}

/**
 * One level of percent-encoding undone, also where a strict decoder would refuse the text: what is malformed
 * stays as it is, bytes that are no UTF-8 become U+FFFD. Never throws.
 */
export function percentDecode(text: string): string {
  return decodeExcept(text, undefined);
}

/** As {@link percentDecode}, but an encoded slash stays encoded, as in Fastify's router. */
export function percentDecodeExceptSlash(text: string): string {
  return decodeExcept(text, SLASH);
}

/** As {@link percentDecode}, but what is ASCII when decoded stays encoded. */
export function percentDecodeBeyondAscii(text: string): string {
  return decodeExcept(text, undefined, 0x80);
}

/** Linear, by hand: an exception for each malformed escape would cost more than all else that is done with a path. */
function decodeExcept(text: string, kept: number | undefined, least = 0): string {
  const first = text.indexOf('%');
  if (first === -1) return text;
  const bytes = Buffer.from(text);
  const { length } = bytes;
  // Characters beyond ASCII take more bytes, so the first escape may come later than that, but never earlier.
  let end = first;
  let isDecoded = false;
  for (let index = first; index < length; index++) {
    let byte = bytes[index] ?? 0;
    if (byte === PERCENT && index + 2 < length) {
      const decoded = hexValue(bytes[index + 1]) * 16 + hexValue(bytes[index + 2]);
      if (decoded < NO_HEX && decoded !== kept && decoded >= least) {
        byte = decoded;
        index += 2;
        isDecoded = true;
      }
    }
    bytes[end++] = byte;
  }
  return isDecoded ? bytes.toString('utf8', 0, end) : text;
}

function hexValue(code = 0): number {
  return HEX[code] ?? NO_HEX;
}

function upTo(text: string, mark: string): string {
  const end = text.indexOf(mark);
  return end === -1 ? text : text.slice(0, end);
}

/** A cookie was sent more than once; which one counts would be a guess. */
export const DOUBLED = Symbol('doubled cookie');

/**
 * The value of a cookie in a `Cookie` header; undefined where it is not there, or empty.
 * @see RFC 6265 section 5.4
 */
export function cookieValue(header: string | undefined, name: string): string | undefined | typeof DOUBLED {
  if (header === undefined) return undefined;
  const wanted = `${name}=`;
  let found: string | undefined;
  for (let at = header.indexOf(wanted); at !== -1; at = header.indexOf(wanted, at + wanted.length)) {
    if (!isBeginning(header, at)) continue;
    if (found !== undefined) return DOUBLED;
    const end = header.indexOf(';', at);
    found = header.slice(at + wanted.length, end === -1 ? undefined : end).trim();
  }
  return found === '' ? undefined : found;
}

/** Whether a cookie begins there, and it is not the end of another one's name or part of its value. */
function isBeginning(header: string, at: number): boolean {
  let before = at - 1;
  while (before >= 0 && (header[before] === ' ' || header[before] === '\t')) before--;
  return before < 0 || header[before] === ';';
}

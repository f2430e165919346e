// What a character may do to a path.
const ORDINARY = 0;
const SLASH = 1;
const BACKSLASH = 2;
const DOT = 3;
const PARAMETER_MARK = 4;
const PATH_END = 5;
const ESCAPE = 6;

const KINDS = Uint8Array.from({ length: 128 }, (_, code) => {
  const index = '/\\.;?#\0%'.indexOf(String.fromCharCode(code));
  return [SLASH, BACKSLASH, DOT, PARAMETER_MARK, PATH_END, PATH_END, PATH_END, ESCAPE][index] ?? ORDINARY;
});

/** What no path without one of them has to be counted for; a regular expression looks faster than the loop below. */
const ODDITIES = /[\\;?#\0]|\/(?:\/|\.(?:[/%]|$|\.(?:[/.%]|$)))/;
/** Odd characters after which nobody counts any more: rewriting many would cost more than one scan. */
const MAX_ODDITIES = 8;
/** Of readings: more than any limit. */
export const TOO_MANY = Infinity;

/**
 * How many readings a path has at most for servers that do, or do not, take a backslash for a slash, end a path at
 * `?` and `#`, cut parameters, collapse slashes, and resolve dot segments. One scan, which ends as soon as there are
 * too many; nothing is written.
 * @param path leading slash; may hold escapes, which are text here
 * @param isDecoded whether escapes were undone in it: then a dot segment has readings that no rewriting shows
 */
export function countReadings(path: string, isDecoded: boolean): number {
  const first = path.search(ODDITIES);
  if (first === -1) return 1;
  // In the segment before, a dot may belong to it.
  const start = Math.max(path.lastIndexOf('/', first - 1), 1);
  let backslashes = 1;
  let ends = 1;
  let parameters = 1;
  let slashes = 1;
  let dots = 1;
  let oddities = 0;
  const hasEscape = isDecoded || path.includes('%');
  let isAtStart = start === 1;
  const { length } = path;
  for (let index = start; index < length; index++) {
    const kind = kindAt(path, index);
    if (kind === ORDINARY) {
      isAtStart = false;
      continue;
    }
    const wasAtStart = isAtStart;
    isAtStart = kind === SLASH || kind === BACKSLASH;
    let isOdd = true;
    if (kind === ESCAPE) {
      isOdd = false;
    } else if (kind === DOT) {
      isOdd = wasAtStart && isDotSegment(path, index);
      if (isOdd) dots = 2;
    } else if (kind === PATH_END) {
      ends = 2;
    } else if (kind === PARAMETER_MARK) {
      parameters = Math.max(parameters, 2);
      // Cut, it leaves an empty segment.
      if (wasAtStart) slashes = 2;
    } else {
      if (kind === BACKSLASH) backslashes = 2;
      if (parameters === 2) parameters = 3;
      if (wasAtStart) slashes = 2;
      isOdd = wasAtStart || kind === BACKSLASH;
    }
    if (isOdd && ++oddities > MAX_ODDITIES) return TOO_MANY;
  }
  if (dots === 2 && hasEscape) return TOO_MANY;
  return backslashes * ends * parameters * slashes * dots;
}

function kindAt(path: string, index: number): number {
  const code = path.charCodeAt(index);
  return code < 128 ? (KINDS[code] ?? ORDINARY) : ORDINARY;
}

/** Whether a segment that begins here with a dot may be one of those that are resolved, whatever follows them. */
function isDotSegment(path: string, index: number): boolean {
  const end = kindAt(path, index + 1) === DOT ? index + 2 : index + 1;
  return end >= path.length || kindAt(path, end) !== ORDINARY;
}

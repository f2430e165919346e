const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** A JSON object as parsed; its members are not checked yet. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Texts with more brackets are not written back: for deep ones that takes time by the square of their depth. */
const FEW_BRACKETS = 64;

/**
 * Parses bytes that must be one JSON object in strict UTF-8 without duplicate member names at any depth
 * (RFC 7515 section 4, RFC 7519 section 4, RFC 8725 section 2.7). Takes time in proportion to their number.
 * @param mostBrackets how many objects and arrays it may hold, itself included (brackets in texts count, too)
 * @returns the object, or undefined for anything else
 */
export function parseStrictObject(bytes: Buffer, mostBrackets = Infinity): JsonObject | undefined {
  try {
    const text = strictUtf8.decode(bytes);
    if (!hasAtMost(mostBrackets, text)) return undefined;
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
    // A duplicate name shortens what is written back, so equal texts have none: the usual case costs no scan.
    const hasNoDuplicates = hasAtMost(FEW_BRACKETS, text) && JSON.stringify(value) === text;
    return hasNoDuplicates || duplicateName(text) === undefined ? (value as JsonObject) : undefined;
  } catch {
    return undefined;
  }
}

function hasAtMost(brackets: number, text: string): boolean {
  if (brackets === Infinity) return true;
  let count = 0;
  for (const bracket of '[{') {
    for (let at = text.indexOf(bracket); at !== -1; at = text.indexOf(bracket, at + 1)) {
      if (++count > brackets) return false;
    }
  }
  return true;
}

/** The first member name that an object in this text, which must be valid JSON, has twice. */
export function duplicateName(text: string): string | undefined {
  const namesOfOpenObjects: (Set<string> | undefined)[] = [];
  let expectsName = false;
  for (let index = 0; index < text.length; index++) {
    switch (text[index]) {
      case '{':
        namesOfOpenObjects.push(new Set());
        expectsName = true;
        break;
      case '[':
        namesOfOpenObjects.push(undefined);
        expectsName = false;
        break;
      case '}':
      case ']':
        namesOfOpenObjects.pop();
        expectsName = false;
        break;
      case ',':
        expectsName = namesOfOpenObjects.at(-1) !== undefined;
        break;
      case '"': {
        const start = index;
        for (index++; text[index] !== '"'; index++) if (text[index] === '\\') index++;
        if (expectsName) {
          const name: string = JSON.parse(text.slice(start, index + 1));
          const names = namesOfOpenObjects.at(-1);
          if (names?.has(name)) return name;
          names?.add(name);
          expectsName = false;
        }
        break;
      }
      default:
        break;
    }
  }
  return undefined;
}

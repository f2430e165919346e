/** Parameters by name; a name that was sent more than once has all of its values. */
export type FormParameters = Readonly<Record<string, string | readonly string[]>>;

/**
 * Reads `application/x-www-form-urlencoded` text, of a body or a query.
 * @returns undefined if it is not percent-encoded UTF-8: replacing what is not would make two values one
 */
export function parseForm(text: string): FormParameters | undefined {
  const values = new Map<string, string[]>();
  try {
    for (const pair of text.split('&')) {
      if (pair === '') continue;
      const equals = pair.indexOf('=');
      const name = decode(equals === -1 ? pair : pair.slice(0, equals));
      const value = equals === -1 ? '' : decode(pair.slice(equals + 1));
      const known = values.get(name);
      if (known) known.push(value);
      else values.set(name, [value]);
    }
  } catch {
    return undefined;
  }
  return Object.fromEntries(
    [...values].map(([name, all]) => [name, all.length === 1 ? (all[0] as string) : all]),
  );
}

/** @throws URIError */
function decode(text: string): string {
  return /[%+]/.test(text) ? decodeURIComponent(text.replaceAll('+', ' ')) : text;
}

/** Spells a name of the config file as somebody else writes it. */
export type Speller = (kebab: string) => string;

/** A name as the config file spells it. */
export function kebabCase(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** A name as options have it, of one as the config file spells it. */
export function camelCase(kebab: string): string {
  return kebab.replaceAll(/-[a-z]/g, (letter) => letter.slice(1).toUpperCase());
}

/** A name as the original's later versions spell it. */
export function snakeCase(name: string): string {
  return kebabCase(name).replaceAll('-', '_');
}

/** A name by which spellings are compared: its letters and digits, in lower case. */
export function lettersOf(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '');
}

/** Spells as the first of these names does that has several words. */
export function spellerLike(names: readonly string[], otherwise: Speller): Speller {
  const written = names.find((name) => /[a-z][-_A-Z]/.test(name));
  if (written === undefined) return otherwise;
  if (written.includes('-')) return (name) => name;
  return written.includes('_') ? snakeCase : camelCase;
}

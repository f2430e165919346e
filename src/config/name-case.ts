/** A name as the config file spells it. */
export function kebabCase(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** A name as the original's later versions spell it. */
export function snakeCase(name: string): string {
  return kebabCase(name).replaceAll('-', '_');
}

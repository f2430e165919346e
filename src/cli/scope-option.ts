import { InvalidArgumentError, Option } from 'commander';
import { parseScope } from '../tokens/scopes.js';

/** `--scope`: names in several arguments, in one with spaces between, or with the option several times. */
export function scopeOption(description: string): Option {
  return new Option(
    '--scope <names...>',
    `${description}: names with spaces between, quoted or not; may be repeated`,
  ).argParser((value: string, before: readonly string[] | undefined): readonly string[] => {
    try {
      return [...(before ?? []), ...parseScope(value)];
    } catch (error) {
      throw new InvalidArgumentError(error instanceof Error ? error.message : String(error));
    }
  });
}

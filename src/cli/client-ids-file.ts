import { readFileSync } from 'node:fs';
import { clientIdFault } from '../sessions/client-id.js';
import { CommandError, EXIT } from './command-output.js';

/**
 * Client identifiers of a file, one a line, each once.
 * @throws CommandError it cannot be read, or a line is not one
 */
export function readClientIds(path: string): readonly string[] {
  const lines = readLines(path);
  const found = new Set<string>();
  for (const [index, line] of lines.entries()) {
    if (line === '') continue;
    const fault = clientIdFault(line);
    if (fault !== undefined) throw new CommandError(`${path}, line ${index + 1}: ${fault}.`, EXIT.misuse);
    found.add(line);
  }
  if (found.size === 0) throw new CommandError(`${path} names no client; write one a line.`, EXIT.misuse);
  return [...found];
}

function readLines(path: string): readonly string[] {
  try {
    return readFileSync(path, 'utf8')
      .replace(/^\uFEFF/, '')
      .split(/\r?\n/);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new CommandError(
      code === 'ENOENT' ? `${path} is not there.` : `${path} cannot be read (${code}).`,
      EXIT.misuse,
    );
  }
}

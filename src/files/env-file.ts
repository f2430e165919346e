import { isUtf8 } from 'node:buffer';
import { readFile, stat } from 'node:fs/promises';
import { parseEnv, withAssignment } from './env-lines.js';
import { replaceFile } from './replace-file.js';

/** Which variable of which file. */
export interface EnvEntry {
  /** Name of the variable. Default: `CRYPTOGRAPHY_KEY`. */
  readonly name?: string | undefined;
  /** Path of the file. Default: `.env` in the working directory. */
  readonly path?: string | undefined;
}

const DEFAULT_NAME = 'CRYPTOGRAPHY_KEY';
const DEFAULT_PATH = '.env';

/** A value for a variable. */
export interface EnvAssignment extends EnvEntry {
  readonly key: string;
  /** Whether a value that is there already is replaced. Default: true. */
  readonly replace?: boolean | undefined;
}

/**
 * Writes `NAME=key` to a `.env` file: in place of the line that is there, or as a new one. The file is replaced at
 * once or not at all, is readable by its owner alone (mode 600), and keeps all its other bytes.
 * @returns whether it was written; false only where a value was there and `replace` is false
 * @throws TypeError a name that is none, a key with a line end or that cannot be read back the same, or a file that is
 * not UTF-8, or a FIFO
 *
 * @example
 * await writeKeyToEnv({ key: generateCryptographyKey(), name: 'MASTER_TOKEN' });
 */
export async function writeKeyToEnv(entry: EnvAssignment): Promise<boolean> {
  const { key, name = DEFAULT_NAME, path = DEFAULT_PATH, replace = true } = entry;
  assertName(name);
  if (/[\r\n\0]/.test(key)) {
    throw new TypeError(
      `The value of ${name} has a line end or a NUL, which a .env file cannot hold; leave it out`,
    );
  }
  return replaceFile(path, async () => {
    const bytes = (await readIfThere(path)) ?? Buffer.alloc(0);
    // Bytes of another encoding could not be written back as they are.
    if (!isUtf8(bytes)) throw new TypeError(`${path} is not UTF-8 text; save it as UTF-8`);
    const text = bytes.toString();
    if (!replace && (await valueIn(text, name)) !== undefined) return undefined;
    return withAssignment(text, name, key);
  });
}

/**
 * Reads a variable from a `.env` file; undefined if the file or the variable is not there, or it is empty.
 * @throws TypeError the file is a FIFO
 */
export async function readKeyFromEnv(entry: EnvEntry = {}): Promise<string | undefined> {
  const { name = DEFAULT_NAME, path = DEFAULT_PATH } = entry;
  assertName(name);
  const bytes = await readIfThere(path);
  return bytes && valueIn(bytes.toString(), name);
}

/** Whether a `.env` file has a value for a variable. */
export async function hasKeyInEnv(entry: EnvEntry = {}): Promise<boolean> {
  return (await readKeyFromEnv(entry)) !== undefined;
}

async function valueIn(text: string, name: string): Promise<string | undefined> {
  const variables = await parseEnv(text);
  return Object.hasOwn(variables, name) ? variables[name] || undefined : undefined;
}

function assertName(name: string): void {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
    throw new TypeError(
      `${JSON.stringify(name)} is no name for a variable: letters, digits and _, no digit first`,
    );
  }
}

async function readIfThere(path: string): Promise<Buffer | undefined> {
  try {
    if ((await stat(path)).isFIFO()) {
      throw new TypeError(`${path} is a FIFO, whose reader may wait for ever; put a regular file there`);
    }
    return await readFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

import { resolve } from 'node:path';
import { readBoundedFileSync, readingFault } from '../files/bounded-file.js';
import { duplicateName } from '../json.js';
import { type ConfigSource, faultySource, sourceOf } from './config-source.js';

/** Name of the config file in the working directory. */
export const DEFAULT_CONFIG_FILE = 'fastauth.config.json';

/** Reads the config file. One that was named must be there; the default one may be absent. */
export function readConfigFile(path: string | false | undefined, cwd: string): ConfigSource {
  if (path === false) return sourceOf('no config file', {});
  const name = path ?? DEFAULT_CONFIG_FILE;
  let bytes: Buffer;
  try {
    bytes = readBoundedFileSync(resolve(cwd, name));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' && path === undefined) return sourceOf(name, {});
    return faultySource(name, `${readingFault(error)}; looked for it at ${resolve(cwd, name)}`);
  }
  return parseConfigFile(name, bytes);
}

function parseConfigFile(name: string, bytes: Buffer): ConfigSource {
  let content: string;
  try {
    // Without `ignoreBOM` a byte order mark, as some editors write it, is dropped.
    content = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return faultySource(name, 'is not UTF-8 text; save it as UTF-8');
  }
  let value: unknown;
  try {
    value = JSON.parse(content);
  } catch {
    return faultySource(name, `is not JSON${placeOf(content)}`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return faultySource(name, 'must hold one JSON object');
  }
  const source = sourceOf(name, value as Record<string, unknown>);
  const twice = duplicateName(content);
  if (twice === undefined) return source;
  return {
    ...source,
    faults: [`${name}: has ${JSON.stringify(twice)} twice; leave one out`, ...source.faults],
  };
}

/** Where the text stops being JSON, and what stands there. The parser's own message quotes the file, in which there may be a secret. */
function placeOf(content: string): string {
  const at = faultPosition(content);
  if (content.slice(at).trim() === '') return ': it ends too early';
  const before = content.slice(0, at).split('\n');
  const place = ` (line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1})`;
  if (/^(?:\/[/*]|#)/.test(content.slice(at))) return `${place}: JSON has no comments`;
  return /^[\]}]/.test(content.slice(at)) && /,\s*$/.test(content.slice(0, at))
    ? `${place}: the comma before it is one too many`
    : place;
}

/** The parser does not always tell where it stopped: it is the length of the longest beginning that could go on. */
function faultPosition(content: string): number {
  let fine = 0;
  let faulty = content.length + 1;
  while (faulty - fine > 1) {
    const middle = Math.floor((fine + faulty) / 2);
    if (mayGoOn(content.slice(0, middle))) fine = middle;
    else faulty = middle;
  }
  return fine;
}

/** Whether nothing but more text is missing, if anything is. */
function mayGoOn(beginning: string): boolean {
  try {
    JSON.parse(beginning);
    return true;
  } catch (error) {
    const { message } = error as Error;
    const position = /position (\d+)/.exec(message)?.[1];
    return position === undefined ? /end of JSON/.test(message) : Number(position) >= beginning.length;
  }
}

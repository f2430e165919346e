import type { IncomingHttpHeaders } from 'node:http';
import { CommandError, EXIT } from './command-output.js';

/** A request as somebody describes it. */
export interface SentRequest {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
  readonly rawHeaders: readonly string[];
}

/** One header: its name and its value. */
export type HeaderPair = readonly [string, string];

/** `GET /path`. */
export function requestLineOf(text: string): { readonly method: string; readonly target: string } {
  const [, method, target] = /^([A-Za-z]+) +(\/\S*)$/.exec(text.trim()) ?? [];
  if (method === undefined || target === undefined) {
    throw misuse('--request is a method and a path, such as "GET /devices".');
  }
  return { method: method.toUpperCase(), target };
}

/** `Name: value`, added to those before. */
export function headerOf(text: string, before: readonly HeaderPair[] = []): readonly HeaderPair[] {
  const [, name, value] = /^([!#$%&'*+.^_`|~\w-]+):[ \t]*(.*?)[ \t]*$/.exec(text) ?? [];
  if (name === undefined || value === undefined) {
    throw misuse('--header is a name and a value with a colon between, such as "ACCESS-TOKEN: -".');
  }
  return [...before, [name, value]];
}

/** The headers as Node's server has them: of a repeated one it keeps the first or joins them. */
export function sentRequest(
  { method, target }: { readonly method: string; readonly target: string },
  pairs: readonly HeaderPair[],
): SentRequest {
  const headers: Record<string, string> = {};
  for (const [name, value] of pairs) {
    const key = name.toLowerCase();
    const before = headers[key];
    if (before === undefined) headers[key] = value;
    else if (key !== 'authorization') headers[key] = `${before}${key === 'cookie' ? '; ' : ', '}${value}`;
  }
  return { method, target, headers, rawHeaders: pairs.flat() };
}

/** Commander's own error would quote what was given, which may be a token. */
function misuse(message: string): CommandError {
  return new CommandError(message, EXIT.misuse);
}

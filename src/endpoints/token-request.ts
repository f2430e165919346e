import type { IncomingHttpHeaders } from 'node:http';
import { InvalidRequestError } from '../errors.js';
import { parseForm } from './form.js';

const NOTHING = Object.freeze({});

/** What Express's and Fastify's requests have in common. */
export interface TokenRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly query: unknown;
  /** The parameters of a POST, once the endpoint is reached, whatever parsers the application has. */
  body?: unknown;
}

/**
 * Reads one parameter: of a GET from the query, of a POST from the JSON or form body.
 * @returns undefined if it was not sent
 * @throws InvalidRequestError (422) if it is not exactly one text value, stands in the query of a POST, or is misspelt
 */
export function readParameter(request: TokenRequest, name: string): string | undefined {
  const query = queryOf(request);
  if (request.method !== 'POST') return readText(query, name);
  if (isSent(query, name)) {
    throw invalid(name, 'must be sent in the body of a POST, since URLs end up in logs');
  }
  return readText(request.body as object, name);
}

/** As {@link readParameter}, of one that may be sent more than once, as `resource` (RFC 8707 section 2). */
export function readParameters(request: TokenRequest, name: string): readonly string[] {
  const body = (request.body ?? {}) as object;
  const value: unknown = Object.hasOwn(body, name) ? Reflect.get(body, name) : undefined;
  if (!Array.isArray(value)) {
    const single = readParameter(request, name);
    return single === undefined ? [] : [single];
  }
  if (isSent(queryOf(request), name) || !value.every((item) => typeof item === 'string')) {
    throw invalid(name, 'must be text values in the body');
  }
  return value;
}

/** The fault of a parameter, as the answer tells it. */
export function invalid(parameter: string, message: string): InvalidRequestError {
  return new InvalidRequestError(`${parameter} ${message}`, 422, [{ parameter, message }]);
}

/** Read here, since an application can set any parser for queries, or none. */
function queryOf({ url }: TokenRequest): object {
  const start = url.indexOf('?');
  if (start === -1) return NOTHING;
  const query = parseForm(url.slice(start + 1));
  if (!query) throw invalid('query', 'must be percent-encoded UTF-8');
  return query;
}

function readText(source: object, name: string): string | undefined {
  if (!isSent(source, name)) return undefined;
  const value: unknown = Reflect.get(source, name);
  if (typeof value !== 'string') throw invalid(name, 'must be one text value');
  return value;
}

/** Also as `name[]` or `name[key]`, which some parsers turn into arrays and objects, and some leave as they are. */
function isSent(source: object, name: string): boolean {
  const isThere = Object.hasOwn(source, name);
  for (const key of Object.keys(source)) {
    if (key.startsWith(name) && key[name.length] === '[') throw invalid(name, 'must be one text value');
    if (!isThere && isSpelling(key, name)) throw invalid(name, `is how the parameter is written, not ${key}`);
  }
  return isThere;
}

/** Whether somebody meant that name, which begins with a small letter: `client_id`, `clientId`, `Client-ID` are one. */
function isSpelling(key: string, name: string): boolean {
  // Most others begin with another letter.
  return (isLetter(key) ? key[0]?.toLowerCase() === name[0] : true) && bare(key) === bare(name);
}

function isLetter(text: string): boolean {
  const code = text.charCodeAt(0) | 0x20;
  return code >= 0x61 && code <= 0x7a;
}

function bare(name: string): string {
  return name.replaceAll(/[_\-\s]/g, '').toLowerCase();
}

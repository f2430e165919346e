import { UnsupportedMediaTypeException } from '@nestjs/common';
import type { IncomingHttpHeaders } from 'node:http';
import { InvalidRequestError } from '../errors.js';

/** What Express's and Fastify's requests have in common. */
export interface TokenRequest {
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
  readonly query: unknown;
  readonly body?: unknown;
}

/**
 * Reads one parameter: of a GET from the query, of a POST from the JSON or form body.
 * @returns undefined if it was not sent
 * @throws InvalidRequestError (422) if it is not exactly one text value, or stands in the query of a POST
 */
export function readParameter(request: TokenRequest, name: string): string | undefined {
  const query = asObject(request.query);
  if (request.method !== 'POST') return readText(query, name);
  if (isSent(query, name)) {
    throw invalid(name, 'must be sent in the body of a POST, since URLs end up in logs');
  }
  return readText(bodyOf(request), name);
}

/** The fault of a parameter, as the answer tells it. */
export function invalid(parameter: string, message: string): InvalidRequestError {
  return new InvalidRequestError(`${parameter} ${message}`, 422, [{ parameter, message }]);
}

function bodyOf({ body, headers }: TokenRequest): object {
  if (body === undefined || (body === null && !isJson(headers))) {
    const hasBody = headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
    if (hasBody) {
      throw new UnsupportedMediaTypeException('Send application/json or application/x-www-form-urlencoded');
    }
    return {};
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw invalid('body', 'must be a JSON object or a form');
  return body;
}

function isJson(headers: IncomingHttpHeaders): boolean {
  return headers['content-type']?.startsWith('application/json') ?? false;
}

function readText(source: object, name: string): string | undefined {
  if (!isSent(source, name)) return undefined;
  const value: unknown = Reflect.get(source, name);
  if (typeof value !== 'string') throw invalid(name, 'must be one text value');
  return value;
}

/** Also as `name[]` or `name[key]`, which some parsers turn into arrays and objects, and some leave as they are. */
function isSent(source: object, name: string): boolean {
  if (Object.keys(source).some((key) => key.startsWith(`${name}[`)))
    throw invalid(name, 'must be one text value');
  return Object.hasOwn(source, name);
}

function asObject(value: unknown): object {
  return typeof value === 'object' && value !== null ? value : {};
}

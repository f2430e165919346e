import {
  BadRequestException,
  type HttpException,
  PayloadTooLargeException,
  UnsupportedMediaTypeException,
} from '@nestjs/common';
import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import { duplicateName } from '../json.js';
import { parseForm } from './form.js';
import { invalid } from './token-request.js';

/** Bytes that a body may have: two tokens of the greatest length, percent-encoded throughout, and some more. */
const MAX_BYTES = 64 * 1024;

/** What callers are told of a body that cannot be used. */
export const BODY_FAULTS = {
  tooLarge: `The body is larger than ${MAX_BYTES} bytes`,
  notJson: 'The body is not JSON in UTF-8',
  unknownType: 'Send application/json or application/x-www-form-urlencoded, in UTF-8 and not compressed',
  notForm: 'Send application/x-www-form-urlencoded, in UTF-8 and not compressed',
} as const;

const NO_BYTES = Buffer.alloc(0);

const strictUtf8 = new TextDecoder('utf-8', { fatal: true });

/** Whether headers announce a body, be it empty. @see RFC 9112 section 6.3 */
export function announcesBody(headers: IncomingHttpHeaders): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

/** Whether headers announce a form that can be read. */
export function isForm(headers: IncomingHttpHeaders): boolean {
  return mediaTypeOf(headers) === 'form';
}

/**
 * Reads the parameters of a body, to its end: what is beyond the limit is thrown away, since many clients read no
 * answer before they have sent all.
 * @returns an HttpException 400, 413, 415 or 422 for what cannot be used
 */
export function readBody(stream: Readable, headers: IncomingHttpHeaders): Promise<object | HttpException> {
  if (stream.readableEnded) return Promise.resolve(parseBody(NO_BYTES, headers));
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const broken = (): void => resolve(new BadRequestException('The body did not arrive in full'));
    // An error without a listener would end the process.
    stream.on('error', broken);
    if (stream.destroyed) return broken();
    stream.once('close', broken);
    stream.once('end', () => {
      stream.off('close', broken);
      if (length > MAX_BYTES) return resolve(new PayloadTooLargeException(BODY_FAULTS.tooLarge));
      const [first = NO_BYTES] = chunks;
      resolve(parseBody(chunks.length > 1 ? Buffer.concat(chunks) : first, headers));
    });
    stream.on('data', (chunk: Buffer | string) => {
      const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
      length += bytes.length;
      if (length <= MAX_BYTES) chunks.push(bytes);
    });
  });
}

/** The parameters in a body of JSON or of a form, or an HttpException 400, 415 or 422. */
export function parseBody(bytes: Buffer, headers: IncomingHttpHeaders): object | HttpException {
  // Clients that have nothing to send name any type, or none.
  if (bytes.length === 0) return {};
  const type = mediaTypeOf(headers);
  if (type === undefined) {
    return new UnsupportedMediaTypeException(BODY_FAULTS.unknownType);
  }
  const text = decoded(bytes);
  if (type === 'json') return parseJson(text);
  const form = text === undefined ? undefined : parseForm(text);
  return form ?? new BadRequestException('The body is not a form in UTF-8');
}

/** What a parser has made of a body, as parameters, or an HttpException 422. */
export function asParameters(value: unknown): object | HttpException {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? value
    : invalid('body', 'must be a JSON object or a form');
}

function parseJson(text: string | undefined): object | HttpException {
  try {
    if (text === undefined) throw new SyntaxError();
    const value: unknown = JSON.parse(text);
    // Of two members of one name, a parser drops one.
    const repeated = duplicateName(text);
    return repeated === undefined ? asParameters(value) : invalid(repeated, 'must be one text value');
  } catch {
    return new BadRequestException(BODY_FAULTS.notJson);
  }
}

function decoded(bytes: Buffer): string | undefined {
  try {
    return strictUtf8.decode(bytes);
  } catch {
    return undefined;
  }
}

function mediaTypeOf(headers: IncomingHttpHeaders): 'json' | 'form' | undefined {
  if ((headers['content-encoding'] ?? 'identity').trim().toLowerCase() !== 'identity') return undefined;
  const [type = '', ...parameters] = (headers['content-type'] ?? '').toLowerCase().split(';');
  const charset = parameters
    .map((parameter) => parameter.trim())
    .find((parameter) => parameter.startsWith('charset='))
    ?.slice('charset='.length)
    .replaceAll('"', '');
  if (charset !== undefined && !['utf-8', 'utf8', 'us-ascii'].includes(charset)) return undefined;
  switch (type.trim()) {
    case 'application/json':
      return 'json';
    case 'application/x-www-form-urlencoded':
      return 'form';
    default:
      return undefined;
  }
}

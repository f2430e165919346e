import type { ServerResponse } from 'node:http';
import { writeCookies } from './answer-cookies.js';
import { exposingChallenge } from '../access/exposed-challenge.js';
import { headerOf } from '../access/framework-response.js';

/** A whole answer of an endpoint of ours. */
export class EndpointAnswer {
  constructor(
    readonly status: number,
    /** An object is sent as JSON, a buffer as it is, by the `Content-Type` of the headers. Undefined: none at all. */
    readonly body: object | undefined,
    readonly headers: Readonly<Record<string, string>> = {},
    /** `Set-Cookie` headers. */
    readonly cookies: readonly string[] = [],
  ) {}
}

/** What of a Fastify reply is used here; Fastify itself is not imported. */
interface FastifyReplyLike {
  readonly sent: boolean;
  readonly raw: ServerResponse;
  code(status: number): this;
  getHeader(name: string): unknown;
  removeHeader(name: string): unknown;
  header(name: string, value: string | readonly string[]): this;
  headers(values: Readonly<Record<string, string>>): this;
  send(body?: Buffer): unknown;
}

type AnyResponse = ServerResponse | FastifyReplyLike;

/**
 * Sends the bytes of an answer, beside the headers that CORS, helmet and others have set. The framework's own ways to
 * send an object are not used: an application may have replaced their serializer, and Express would make them a 304.
 */
export function sendAnswer(response: unknown, answer: EndpointAnswer): void {
  const { status, body, cookies } = answer;
  const target = response as AnyResponse;
  const headers = exposingChallenge(answer.headers, (name) => headerOf(target, name));
  const bytes = body === undefined || Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body));
  const all = {
    ...(bytes && { 'Content-Type': 'application/json; charset=utf-8' }),
    ...headers,
    ...(bytes && { 'Content-Length': String(bytes.length) }),
  };
  if (isFastify(target)) {
    if (target.sent) return;
    writeCookies(target, cookies);
    target.code(status).headers(all).send(bytes);
    return;
  }
  // A guard of the application's own may have answered; a client may have gone.
  if (target.headersSent) {
    if (!target.writableEnded) target.end();
    return;
  }
  target.statusCode = status;
  writeCookies(target, cookies);
  for (const [name, value] of Object.entries(all)) target.setHeader(name, value);
  target.end(target.req.method === 'HEAD' ? undefined : bytes);
}

function isFastify(response: AnyResponse): response is FastifyReplyLike {
  return 'raw' in response;
}

import type { ServerResponse } from 'node:http';

/** What of a Fastify reply is used here; Fastify itself is not imported. */
interface ReplyLike {
  readonly raw: ServerResponse;
  getHeader(name: string): unknown;
}

/** Express hands out Node's response, Fastify one that wraps it, and keeps headers of its own. */
export type FrameworkResponse = ServerResponse | ReplyLike;

/** A header as it was set of an answer, by the framework's means or on Node's response. */
export function headerOf(response: FrameworkResponse, name: string): unknown {
  return 'raw' in response
    ? (response.getHeader(name) ?? response.raw.getHeader(name))
    : response.getHeader(name);
}

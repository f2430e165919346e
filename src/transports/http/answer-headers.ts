import type { OutgoingHttpHeader, ServerResponse } from 'node:http';

/**
 * Headers that say nothing about what would have been answered: who may read it (CORS), how a browser has to treat it
 * (what helmet sets), how to reach and to trace it. All others go with the answer that they belong to.
 */
const KEPT = new RegExp(
  `^(?:${[
    'access-control-.+',
    'vary',
    'content-security-policy(?:-report-only)?',
    'cross-origin-.+',
    'origin-agent-cluster',
    'permissions-policy',
    'referrer-policy',
    'strict-transport-security',
    'x-(?:content-type|frame|download)-options',
    'x-dns-prefetch-control',
    'x-permitted-cross-domain-policies',
    'x-xss-protection',
    'x-(?:request|correlation)-id',
    '(?:x-)?ratelimit.*',
    'date',
    'connection',
    'keep-alive',
  ].join('|')})$`,
);
export const ALLOW_ORIGIN = 'access-control-allow-origin';

/** The headers that a call of `writeHead` brings: none, an object, a list of pairs, or names and values in turn. */
export function headersGiven(call: readonly unknown[]): [string, OutgoingHttpHeader][] {
  const given = call.at(-1);
  if (typeof given !== 'object' || given === null) return [];
  if (!Array.isArray(given)) {
    return Object.entries(given as Record<string, OutgoingHttpHeader | undefined>).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, value]],
    );
  }
  const flat = given.flat() as (string | OutgoingHttpHeader)[];
  return flat.flatMap((name, index) => (index % 2 === 0 ? [[String(name), flat[index + 1] ?? '']] : []));
}

/** Whether the page that asks may read an answer with these headers. */
export function allowsOrigin(
  response: ServerResponse,
  given: readonly (readonly [string, unknown])[],
): boolean {
  return response.hasHeader(ALLOW_ORIGIN) || given.some(([name]) => name.toLowerCase() === ALLOW_ORIGIN);
}

/** Leaves of the headers, those given to `writeHead` among them, only what may go with another answer. */
export function keepNeutralHeaders(
  response: ServerResponse,
  given: readonly (readonly [string, OutgoingHttpHeader])[],
): void {
  for (const name of response.getHeaderNames()) if (!KEPT.test(name)) response.removeHeader(name);
  for (const [name, value] of given) if (KEPT.test(name.toLowerCase())) response.setHeader(name, value);
}

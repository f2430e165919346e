import type { IncomingHttpHeaders } from 'node:http';

/**
 * Whether a page of the server's own origin sent this, as browsers say: `Sec-Fetch-Site`, which knows of redirects, too;
 * without it `Origin`. Where neither is there, nobody can tell.
 * @see https://www.w3.org/TR/fetch-metadata/
 */
export function isSameOrigin(headers: IncomingHttpHeaders): boolean {
  const site = headers['sec-fetch-site'];
  if (site !== undefined) return site === 'same-origin';
  const { origin, host } = headers;
  // HTTP/2 has the host in a pseudo-header.
  const own = host ?? headers[':authority'];
  return typeof own === 'string' && origin !== undefined && hostOf(origin) === own.toLowerCase();
}

const LOCAL = /^(?:localhost|127\.0\.0\.1|\[::1\])(?::\d+)?$/;

/** Of an origin that may have cookies which are `Secure`; of any other the empty text, which no host is. */
function hostOf(origin: string): string {
  if (!URL.canParse(origin)) return '';
  const { protocol, host } = new URL(origin);
  return protocol === 'https:' || (protocol === 'http:' && LOCAL.test(host)) ? host : '';
}

import * as z from 'zod';
import { originFault } from './origin-fault.js';
import { text } from './setting-forms.js';

/** The keys that are about cookies; part of {@link SETTINGS}. */
export const COOKIE_SETTINGS = {
  /** Name of the cookie that carries a browser's access token; without it, no cookie is read. */
  accessTokenCookie: text(accessCookieFault).optional().meta({
    expected: 'the name of a cookie such as "__Host-access"',
    description:
      'Name of the cookie that carries the access token of a browser; it must begin with `__Host-`. Without it, no cookie is read.',
  }),
  /** Name of the cookie that carries a browser's refresh token, to the refresh endpoint alone. */
  refreshTokenCookie: text(refreshCookieFault).optional().meta({
    expected: 'the name of a cookie such as "__Secure-refresh"',
    description:
      'Name of the cookie that carries the refresh token of a browser to the refresh endpoint; it must begin with `__Secure-`. Needs `access-token-cookie`.',
  }),
  /** Which calls from other sites browsers send the access cookie with. */
  cookieSameSite: z.enum(['lax', 'strict']).default('lax').meta({
    expected: '"lax" or "strict"',
    description:
      '`SameSite` of the access cookie: with `lax`, browsers send it when a link from another site is followed; with `strict`, they never do. The refresh cookie is always `Strict`.',
  }),
  /** Origins besides the server's own whose pages may do more than read by cookie, as browsers spell them. */
  cookieOrigins: z.array(text(originFault)).default([]).meta({
    expected: 'a list of origins such as ["https://app.example.com"]',
    description:
      "Origins, besides the server's own, whose pages may send unsafe methods and open WebSockets by cookie; others are refused.",
  }),
} as const;

/** What is wrong with the keys about cookies together. */
export function cookieFaults(values: {
  readonly accessTokenCookie?: string | undefined;
  readonly refreshTokenCookie?: string | undefined;
}): string[] {
  return values.refreshTokenCookie !== undefined && values.accessTokenCookie === undefined
    ? ['refresh-token-cookie needs access-token-cookie, for the access token of the same answer']
    : [];
}

/** @see RFC 6265 section 4.1.1 */
const NAME = /^[\w!#$%&'*+.^`|~-]+$/;

function accessCookieFault(name: string): string | undefined {
  return (
    prefixFault(name, '__Host-', 'browsers then take it from this host alone, and over TLS') ??
    nameFault(name)
  );
}

/** `__Host-` would need the path `/`, and the token would travel with each request. */
function refreshCookieFault(name: string): string | undefined {
  return (
    prefixFault(
      name,
      '__Secure-',
      'browsers then take it over TLS alone, for the path of the refresh endpoint',
    ) ?? nameFault(name)
  );
}

function prefixFault(name: string, prefix: string, reason: string): string | undefined {
  return name.startsWith(prefix) && name.length > prefix.length
    ? undefined
    : `does not begin with "${prefix}" and a name; ${reason}`;
}

function nameFault(name: string): string | undefined {
  return NAME.test(name) ? undefined : 'holds a character that names of cookies have not (RFC 6265)';
}

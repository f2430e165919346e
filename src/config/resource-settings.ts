import * as z from 'zod';
import { issuerFault, text } from './setting-forms.js';

/** With a path that every router takes as it is; other characters stand for something in patterns. */
const PLAIN = /^https?:\/\/[^/@\\]+(?:\/|(?:\/[\w.~-]+)*)$/;

/** @see RFC 9728 section 1.2 */
function resourceIdentifierFault(resource: string): string | undefined {
  if (!URL.canParse(resource)) return 'is no URL; write one such as "https://api.example.com"';
  const fault = issuerFault(resource);
  if (fault !== undefined) return fault.replace('an issuer has neither', 'leave them out');
  return PLAIN.test(resource) && new URL(resource).href.startsWith(resource)
    ? undefined
    : 'is not written plainly: a host in lower case, and a path of letters, digits and ._~- without a slash at its end';
}

/** Keys of the configuration about what this application is to its clients; part of `SETTINGS`. */
export const RESOURCE_SETTINGS = {
  /** By which clients know this application as a resource (RFC 9728); turns its metadata on. */
  resourceIdentifier: text(resourceIdentifierFault).optional().meta({
    expected: 'a URL such as "https://api.example.com"',
    description:
      'URL by which clients know this application as a protected resource (RFC 9728). Turns on `/.well-known/oauth-protected-resource`, with the path of the URL behind, and `resource_metadata` in challenges.',
  }),
  /** Issuers whose tokens are accepted here, for that metadata. */
  authorizationServers: z.array(text(issuerFault)).default([]).meta({
    expected: 'a list of URLs such as ["https://auth.example.com"]',
    description:
      'Issuers that give out tokens for `resource-identifier`, as its metadata names them. Default: `issuer`, or those of `forResourceServer()`.',
  }),
} as const;

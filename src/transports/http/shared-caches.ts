import {
  ACCESS_TOKEN,
  MASTER_TOKEN,
  type CredentialSet,
  type Requirement,
} from '../../access/requirement.js';

/** What of a response is used here: of Node's own and Express's, or a Fastify reply, which keeps its own headers. */
interface AnyResponse {
  getHeader(name: string): unknown;
  hasHeader(name: string): boolean;
  readonly headersSent?: boolean;
  setHeader?(name: string, value: string): unknown;
  header?(name: string, value: string): unknown;
}

/** As Fastify and Node keep them: a name of another spelling is made anew in each answer. */
const VARY = 'vary';
const CACHE_CONTROL = 'cache-control';

/** The headers that were looked at. */
const LOOKED_AT: Readonly<Record<CredentialSet, string>> = {
  [ACCESS_TOKEN]: 'ACCESS-TOKEN, Authorization',
  [MASTER_TOKEN]: 'MASTER-TOKEN',
  [ACCESS_TOKEN | MASTER_TOKEN]: 'ACCESS-TOKEN, Authorization, MASTER-TOKEN',
};

/**
 * Says that an answer depends on credentials: `Vary` names their headers, and where the application says nothing about
 * caching, only the client may cache. Shared caches know of `Authorization`, but not of headers of our own.
 * @see RFC 9111 section 3.5 and RFC 9110 section 12.5.5
 */
export function keepFromSharedCaches(
  response: AnyResponse,
  { credentials }: Requirement,
  readsCookies: boolean,
): void {
  // Middleware may have answered already; then nothing of a handler's can be kept.
  if (response.headersSent) return;
  const headers = LOOKED_AT[credentials] ?? '';
  const lookedAt = readsCookies && credentials & ACCESS_TOKEN ? `${headers}, Cookie` : headers;
  const before = response.getHeader(VARY);
  set(response, VARY, before === undefined ? lookedAt : `${String(before)}, ${lookedAt}`);
  if (!response.hasHeader(CACHE_CONTROL)) set(response, CACHE_CONTROL, 'private');
}

function set(response: AnyResponse, name: string, value: string): void {
  if (response.setHeader) response.setHeader(name, value);
  else response.header?.(name, value);
}

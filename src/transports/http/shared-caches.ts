import { ACCESS, BOTH, MASTER, NONE, type Demand } from '../../access/demand.js';

/** What of a response is used here: of Node's own and Express's, or a Fastify reply, which keeps its own headers. */
interface AnyResponse {
  getHeader(name: string): unknown;
  hasHeader(name: string): boolean;
  readonly headersSent?: boolean;
  setHeader?(name: string, value: string): unknown;
  header?(name: string, value: string): unknown;
}

/** The headers that were looked at. */
const LOOKED_AT: Readonly<Record<Demand, string>> = {
  [NONE]: '',
  [ACCESS]: 'ACCESS-TOKEN, Authorization',
  [MASTER]: 'MASTER-TOKEN',
  [BOTH]: 'ACCESS-TOKEN, Authorization, MASTER-TOKEN',
};

/**
 * Says that an answer depends on credentials: `Vary` names their headers, and where the application says nothing about
 * caching, only the client may cache. Shared caches know of `Authorization`, but not of headers of our own.
 * @see RFC 9111 section 3.5 and RFC 9110 section 12.5.5
 */
export function keepFromSharedCaches(response: AnyResponse, demand: Demand): void {
  // Middleware may have answered already; then nothing of a handler's can be kept.
  if (response.headersSent) return;
  const lookedAt = LOOKED_AT[demand] ?? '';
  const before = response.getHeader('Vary');
  set(response, 'Vary', before === undefined ? lookedAt : `${String(before)}, ${lookedAt}`);
  if (!response.hasHeader('Cache-Control')) set(response, 'Cache-Control', 'private');
}

function set(response: AnyResponse, name: string, value: string): void {
  if (response.setHeader) response.setHeader(name, value);
  else response.header?.(name, value);
}

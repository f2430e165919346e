import type { Requirement } from '../access/requirement.js';

/**
 * `route`: of a controller; `gateway`: the handshake of one; `event`: a message of a gateway; `resolver`: of GraphQL;
 * `message`: of a microservice; `raw`: a route of Express or Fastify itself.
 */
export type AccessEntryKind = 'route' | 'gateway' | 'event' | 'resolver' | 'message' | 'raw';

/** One thing that can be called from outside, and what it asks of whoever calls it. */
export interface AccessEntry {
  readonly kind: AccessEntryKind;
  /**
   * With what tells it apart from others of the same name, in parentheses: `GET /devices (host admin.example.com, version 2)`.
   * `GET /devices`, `WebSocket /feed`, `WebSocket /feed join`, `Query.devices`, `message pattern {"cmd":"sum"}`.
   */
  readonly name: string;
  /**
   * In the words of the configuration: `public`, `access`, `access with scope "devices:read"`; of an endpoint of fastauth
   * what it demands by itself: `console cookie`.
   */
  readonly requires: string;
  /**
   * Whether it lets in who sends nothing, be it that a token which is sent is looked at. That access is only observed at
   * present counts as nothing; `unenforced` says so.
   */
  readonly isOpen: boolean;
  /** Whether a decorator says so. */
  readonly isMarkedPublic: boolean;
  /** Whether it is an endpoint of fastauth itself, which the configuration opens and closes. */
  readonly isOwnEndpoint: boolean;
  /** What makes it so: `decorator`, `path rule "/admin"`, `default-access`, `public-paths`, `own endpoint`, `public-token-issuance`. */
  readonly origins: readonly string[];
  /** Class and method; undefined of raw routes. */
  readonly handler: string | undefined;
}

/** Whether it lets in who sends nothing. */
export function letsAnybodyIn({ alternatives }: Requirement): boolean {
  return alternatives.some(({ credentials }) => credentials === 0);
}

/** A name with what tells it apart from others. What has none of that keeps the bare name, by which baselines know it. */
export function named(name: string, marks: Readonly<Record<string, string | undefined>>): string {
  const told = Object.entries(marks).filter(([, value]) => value !== undefined && value !== '');
  return told.length === 0 ? name : `${name} (${told.map((mark) => mark.join(' ')).join(', ')})`;
}

import type { Requirement } from '../requirement.js';
import { splitPath } from './path-rewrites.js';
import type { PathRule } from './path-rule.js';

/** An endpoint of ours, at one of its paths. Without tokens nobody could meet a rule that covers where they are given. */
export interface OwnEndpoint {
  /** `GET`, `POST`, ... */
  readonly method: string;
  /** As the router has it; nothing in it varies, unless something before the auth prefix does. */
  readonly pattern: string;
  /** Segments up to the end of the auth prefix, or of `/.well-known`. */
  readonly prefixLength: number;
}

/** What the rules ask at an endpoint of ours, in place of what they ask of everything else under the same path. */
export interface OwnRequirement {
  readonly pattern: string;
  readonly methods: ReadonlySet<string>;
  readonly requirement: Requirement;
}

/** What of a route tells where it is, and by which function it is served. */
interface ServedRoute {
  readonly method: string;
  readonly patterns: readonly string[];
  readonly controller: { readonly prototype: unknown };
  readonly handlerName: string;
}

const WELL_KNOWN = '.well-known';

/**
 * The endpoints of ours among the routes of an application.
 * @param methodPaths the functions that serve them, with what their decorators say, such as `token/new`
 */
export function ownEndpoints(
  routes: readonly ServedRoute[],
  methodPaths: ReadonlyMap<unknown, string>,
): readonly OwnEndpoint[] {
  const pathOf = ({ controller, handlerName }: ServedRoute): string | undefined =>
    methodPaths.get(Reflect.get(controller.prototype as object, handlerName));
  const others = routes.filter((route) => pathOf(route) === undefined);
  return routes.flatMap((route) => {
    const methodPath = pathOf(route);
    if (methodPath === undefined) return [];
    return route.patterns
      .filter((pattern) => !others.some((other) => isSameRoute(other, route.method, pattern)))
      .map((pattern) => ({ method: route.method, pattern, prefixLength: prefixLength(pattern, methodPath) }));
  });
}

/** Where the application has a handler of its own at the same place, by host or version, nobody can tell them apart. */
function isSameRoute(other: ServedRoute, method: string, pattern: string): boolean {
  return (other.method === 'ALL' || other.method === method) && other.patterns.includes(pattern);
}

function prefixLength(pattern: string, methodPath: string): number {
  const segments = splitPath(pattern);
  const wellKnown = segments.indexOf(WELL_KNOWN);
  return wellKnown === -1 ? segments.length - splitPath(methodPath).length : wellKnown + 1;
}

/**
 * Whether a rule that covers an endpoint of ours means it: it names the prefix that endpoints of ours are under, or
 * more. `/`, the global prefix, and segments that may be anything name nothing of ours.
 */
export function namesEndpoint({ segments }: PathRule, { prefixLength }: OwnEndpoint): boolean {
  return segments.slice(Math.max(prefixLength - 1, 0)).some(({ isAny }) => !isAny);
}

/** Endpoints at which the rules ask for less than under their path, by path in lower case. */
export function ownRequirements(
  endpoints: readonly OwnEndpoint[],
  requirementOf: (endpoint: OwnEndpoint) => { readonly all: Requirement; readonly own: Requirement },
): ReadonlyMap<string, OwnRequirement> {
  const requirements = new Map<string, OwnRequirement & { readonly methods: Set<string> }>();
  for (const endpoint of endpoints) {
    const { all, own } = requirementOf(endpoint);
    if (own.implies(all)) continue;
    const path = endpoint.pattern.toLowerCase();
    const known = requirements.get(path);
    const methods = known?.methods ?? new Set();
    methods.add(endpoint.method);
    if (endpoint.method === 'GET') methods.add('HEAD');
    const requirement = known ? known.requirement.and(own) : own;
    requirements.set(path, { pattern: endpoint.pattern, methods, requirement });
  }
  return requirements;
}

/** Whether a target is this path letter for letter, with or without a query. */
export function isExactly(target: string, path: string): boolean {
  return (
    target.startsWith(path) && (target.length === path.length || target.charCodeAt(path.length) === 0x3f)
  );
}

import type { RouteTest } from './compiled-route.js';
import type { Route } from './route-table.js';

/** What tells which routes answer first, on a router that asks them in the order of their registration. */
export interface RouteOrder {
  readonly routes: readonly Route[];
  /** Whether a route is an endpoint of ours. */
  readonly isOwn: (route: Route) => boolean;
  /** Undefined for a pattern that cannot be read. */
  readonly testOf: (pattern: string) => RouteTest | undefined;
}

/** Says of each endpoint of ours which route of the application answers in its place, if one does. */
export function shadowedEndpoints({ routes, isOwn, testOf }: RouteOrder): readonly string[] {
  const before: { readonly route: Route; readonly pattern: string; readonly test: RouteTest }[] = [];
  const warnings: string[] = [];
  for (const route of routes) {
    for (const pattern of route.patterns) {
      if (isOwn(route)) {
        const first = before.find(
          (other) => isSameMethod(other.route.method, route.method) && other.test(pattern.toLowerCase()),
        );
        if (first) warnings.push(warningOf(`${route.method} ${pattern}`, first.route, first.pattern));
      } else {
        const test = testOf(pattern);
        if (test) before.push({ route, pattern, test });
      }
    }
  }
  return warnings;
}

function isSameMethod(other: string, method: string): boolean {
  return other === 'ALL' || other === method;
}

function warningOf(
  endpoint: string,
  { method, controller, hosts, versions }: Route,
  pattern: string,
): string {
  const reach = hosts.length + versions.length > 0 ? 'not reached by every host and version' : 'not reached';
  return (
    `${endpoint} is ${reach}: ${method} ${pattern} of ${controller.name} is registered before it, and answers in its place. ` +
    'Put that controller into a module that is imported after FastauthModule; those of the root module come first.'
  );
}

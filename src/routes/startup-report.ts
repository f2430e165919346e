import { describeDemand, MASTER, NONE, type Demand } from '../access/demand.js';
import { compileCanonicalRule } from '../access/paths/path-rule.js';
import type { LeveledRule, PathRules } from '../access/paths/path-rules.js';
import { nearestPath } from './nearest-path.js';
import type { Route } from './route-table.js';

/** What a path of a route asks, all told, and what made it so: a decorator, a path rule, `default-access`. */
export interface RouteAccess {
  readonly demand: Demand;
  readonly origins: readonly string[];
}

/** A path that sockets connect to. */
export interface SocketPath {
  readonly path: string;
  readonly access: RouteAccess;
}

export interface StartupReportOptions {
  readonly routes: readonly Route[];
  readonly rules: PathRules;
  readonly accessOf: (route: Route, pattern: string) => RouteAccess;
  /** Whether a decorator says that a route is open. Default: of none. */
  readonly isMarkedPublic?: (route: Route) => boolean;
  /** Whether it can be told which requests are for a route, where that has to be told. Default: of each. */
  readonly isReadable?: (pattern: string) => boolean;
  readonly gateways?: readonly SocketPath[];
}

export interface StartupReport {
  /** Rules that guard nothing known, routes that a rule misses by less than a segment, and open ones that stay closed. */
  readonly warnings: readonly string[];
  /** One line for each guarded route. */
  readonly guarded: readonly string[];
}

/** What is worth saying about the guarding of an application when it starts. */
export function startupReport({
  routes,
  rules,
  accessOf,
  isMarkedPublic = () => false,
  isReadable = () => true,
  gateways = [],
}: StartupReportOptions): StartupReport {
  // A handler may have several paths, and a rule may guard one of them.
  const judged = routes.flatMap((route) =>
    route.patterns.map((pattern) => ({
      label: `${route.method} ${pattern}`,
      paths: [pattern, ...(route.withoutModulePath.get(pattern) ?? [])],
      access: accessOf(route, pattern),
      isMarkedPublic: isMarkedPublic(route),
      isReadable: isReadable(pattern),
    })),
  );
  const known = [...judged.flatMap(({ paths }) => paths), ...gateways.map(({ path }) => path)];
  return {
    warnings: [
      ...rules.rules.filter((rule) => isDead(rule, known)).map((rule) => deadRule(rule, known)),
      ...judged.flatMap(({ label, paths, access }) =>
        rules.rules
          .filter((rule) => justMisses(rule, paths, access.demand))
          .map((rule) => missedRoute(rule, label)),
      ),
      ...judged.filter((line) => line.isMarkedPublic && line.access.demand !== NONE).map(closedByRule),
      ...judged.filter((line) => line.isMarkedPublic && !line.isReadable).map(closedByDefault),
    ],
    guarded: [...judged, ...gateways.map(({ path, access }) => ({ label: `WebSocket ${path}`, access }))]
      .filter(({ access }) => access.demand !== NONE)
      .map(guardedLine),
  };
}

interface Line {
  readonly label: string;
  readonly access: RouteAccess;
}

function guardedLine({ label, access }: Line): string {
  return `${label}: ${describeDemand(access.demand)} (${access.origins.join(', ')})`;
}

function closedByRule({ label, access }: Line): string {
  return (
    `${label} is marked @Public(), but stays closed: it needs ${describeDemand(access.demand)} ` +
    `by ${access.origins.join(', ')}, and a path rule holds whatever the decorators say.`
  );
}

function closedByDefault({ label }: Line): string {
  return (
    `${label} is marked @Public(), but its pattern cannot be read, so nobody can tell which requests are for it: ` +
    'it needs what default-access asks. Write the pattern in the notation of the router in use.'
  );
}

function isDead({ spellings }: LeveledRule, patterns: readonly string[]): boolean {
  return !patterns.some((pattern) => spellings.some((rule) => rule.mayReach(pattern)));
}

/** Whether a prefix compared as text, as in the Python package, would guard the path, and nothing else does. */
function justMisses({ spellings, demand }: LeveledRule, paths: readonly string[], asked: Demand): boolean {
  if (
    (asked & demand) === demand ||
    spellings.some((rule) => paths.some((path) => rule.matchesPattern(path)))
  ) {
    return false;
  }
  return spellings
    .filter(({ text }) => text !== '/' && !text.endsWith('*'))
    .map(({ text }) => compileCanonicalRule(`${text}*`))
    .some((prefix) => paths.some((path) => prefix.matchesPattern(path)));
}

function deadRule({ text, demand, spellings }: LeveledRule, known: readonly string[]): string {
  const nearest = nearestPath(
    spellings.map((rule) => rule.text),
    known,
  );
  const hint = nearest === undefined ? '' : `; the nearest is ${quote(nearest)}`;
  return (
    `Path rule ${quote(text)} in ${listOf(demand)} matches no known route${hint}. ` +
    'It still holds for whatever else is served under it, such as static files.'
  );
}

function missedRoute({ text, demand }: LeveledRule, label: string): string {
  return (
    `${label} begins like path rule ${quote(text)} in ${listOf(demand)} but is not guarded by it: ` +
    `a rule holds for whole segments. Write ${quote(`${text}*`)} to guard every path that begins so.`
  );
}

function listOf(demand: Demand): string {
  return demand === MASTER ? 'master-token-paths' : 'access-token-paths';
}

function quote(text: string): string {
  return JSON.stringify(text);
}

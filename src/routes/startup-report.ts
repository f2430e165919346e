import type { Type } from '@nestjs/common';
import { MASTER_TOKEN, type Requirement } from '../access/requirement.js';
import { compileCanonicalRule } from '../access/paths/path-rule.js';
import { describeRule, holdsFor, type LeveledRule } from '../access/paths/compiled-rules.js';
import type { PathRules } from '../access/paths/path-rules.js';
import { nearestPath } from './nearest-path.js';
import type { RawRoute } from './raw-routes.js';
import type { Route } from './route-table.js';

/** What a path of a route asks, all told, and what made it so: a decorator, a path rule, `default-access`. */
export interface RouteAccess {
  readonly requirement: Requirement;
  readonly origins: readonly string[];
}

/** A path that sockets connect to. */
export interface SocketPath {
  readonly path: string;
  /** Undefined: that of the application. */
  readonly port?: number | undefined;
  readonly access: RouteAccess;
  /** The class that serves it; undefined: nobody knows. */
  readonly gateway?: Type<unknown> | undefined;
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
  /** Routes that are not of controllers, as far as they are known. */
  readonly others?: readonly RawRoute[];
}

export interface StartupReport {
  /** Rules that guard nothing known, routes that a rule misses by less than a segment, and open ones that stay closed. */
  readonly warnings: readonly string[];
  /** Those of the warnings that are about rules which guard nothing known. */
  readonly deadRules: readonly string[];
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
  others = [],
}: StartupReportOptions): StartupReport {
  // A handler may have several paths, and a rule may guard one of them.
  const judged = routes.flatMap((route) =>
    route.patterns.map((pattern) => ({
      label: `${route.method} ${pattern}`,
      method: route.method === 'ALL' ? undefined : route.method,
      paths: [pattern, ...(route.withoutModulePath.get(pattern) ?? [])],
      access: accessOf(route, pattern),
      isMarkedPublic: isMarkedPublic(route),
      isReadable: isReadable(pattern),
    })),
  );
  const known = [
    ...judged.flatMap(({ paths, method }) => paths.map((path) => ({ path, method }))),
    ...gateways.map(({ path }) => ({ path, method: 'GET' })),
    ...others.map(({ path, method }) => ({ path, method: method === 'ALL' ? undefined : method })),
  ];
  const deadRules = rules.rules.filter((rule) => isDead(rule, known)).map((rule) => deadRule(rule, known));
  return {
    deadRules,
    warnings: [
      ...deadRules,
      ...judged.flatMap(({ label, paths, access, method }) =>
        rules.rules
          .filter(({ methods }) => holdsFor(methods, method))
          .filter((rule) => justMisses(rule, paths, access.requirement))
          .map((rule) => missedRoute(rule, label)),
      ),
      ...judged.filter((line) => line.isMarkedPublic && !line.access.requirement.isOpen).map(closedByRule),
      ...judged.filter((line) => line.isMarkedPublic && !line.isReadable).map(closedByDefault),
    ],
    guarded: [...judged, ...gateways.map(({ path, access }) => ({ label: `WebSocket ${path}`, access }))]
      .filter(({ access }) => !access.requirement.isOpen)
      .map(guardedLine),
  };
}

/** A path that is served, and for which method; undefined: for all. */
interface KnownPath {
  readonly path: string;
  readonly method: string | undefined;
}

interface Line {
  readonly label: string;
  readonly access: RouteAccess;
}

function guardedLine({ label, access }: Line): string {
  return `${label}: ${access.requirement.describe()} (${access.origins.join(', ')})`;
}

function closedByRule({ label, access }: Line): string {
  return (
    `${label} is marked @Public(), but stays closed: it needs ${access.requirement.describe()} ` +
    `by ${access.origins.join(', ')}, and a path rule holds whatever the decorators say.`
  );
}

function closedByDefault({ label }: Line): string {
  return (
    `${label} is marked @Public(), but its pattern cannot be read, so nobody can tell which requests are for it: ` +
    'it needs what default-access asks. Write the pattern in the notation of the router in use.'
  );
}

function isDead({ spellings, methods }: LeveledRule, known: readonly KnownPath[]): boolean {
  return !known.some(
    ({ path, method }) => holdsFor(methods, method) && spellings.some((rule) => rule.mayReach(path)),
  );
}

/** Whether a prefix compared as text, as in the Python package, would guard the path, and nothing else does. */
function justMisses(
  { spellings, requirement }: LeveledRule,
  paths: readonly string[],
  asked: Requirement,
): boolean {
  if (
    asked.implies(requirement) ||
    spellings.some((rule) => paths.some((path) => rule.matchesPattern(path)))
  ) {
    return false;
  }
  return spellings
    .filter(({ text }) => text !== '/' && !text.endsWith('*'))
    .map(({ text }) => compileCanonicalRule(`${text}*`))
    .some((prefix) => paths.some((path) => prefix.matchesPattern(path)));
}

function deadRule(rule: LeveledRule, known: readonly KnownPath[]): string {
  const nearest = nearestPath(
    rule.spellings.map(({ text }) => text),
    known.filter(({ method }) => holdsFor(rule.methods, method)).map(({ path }) => path),
  );
  const hint = nearest === undefined ? '' : `; the nearest is ${quote(nearest)}`;
  return (
    `Path rule ${describeRule(rule)} in ${listOf(rule.requirement)} matches no known route${hint}. ` +
    'It still holds for whatever else is served under it, such as static files.'
  );
}

function missedRoute({ text, requirement }: LeveledRule, label: string): string {
  return (
    `${label} begins like path rule ${quote(text)} in ${listOf(requirement)} but is not guarded by it: ` +
    `a rule holds for whole segments. Write ${quote(`${text}*`)} to guard every path that begins so.`
  );
}

function listOf(requirement: Requirement): string {
  return requirement.credentials & MASTER_TOKEN ? 'master-token-paths' : 'access-token-paths';
}

function quote(text: string): string {
  return JSON.stringify(text);
}

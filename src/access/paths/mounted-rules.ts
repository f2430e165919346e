import { type PathRule, reaches, segmentsOf } from './path-rule.js';
import { PARAMETER, SPLAT, writeOutPattern } from './route-pattern.js';

/** A path of `RouterModule` within the pattern of a route. */
export interface Mount {
  /** How many segments stand before it: those of the global prefix and the version. */
  readonly position: number;
  readonly segments: readonly string[];
  /** The segments of the pattern without it. */
  readonly route: readonly string[];
}

/** @param patterns as of `RoutePrefixes.withoutModulePath` */
export function mountsOf(patterns: ReadonlyMap<string, readonly string[]> = new Map()): readonly Mount[] {
  const mounts = new Map<string, Mount>();
  for (const [pattern, shorter] of patterns) {
    const routes = shorter.flatMap(writeOutPattern).map(segmentsOf);
    for (const full of writeOutPattern(pattern).map(segmentsOf)) {
      for (const mount of routes.flatMap((route) => mountsWithin(full, route))) {
        mounts.set(JSON.stringify(mount), mount);
      }
    }
  }
  return [...mounts.values()];
}

/**
 * A rule as it is written with the path of `RouterModule` of the routes that it may reach: `/users/admin` reaches
 * `/users/:id`, which stands at `/acme/users/:id`. Parameters of that path are wildcards.
 */
export function behindMounts(rule: PathRule, mounts: readonly Mount[]): readonly string[] {
  const texts = rule.segments.map(({ text }) => text);
  return mounts
    .filter(({ position, route }) => texts.length > position && reaches(rule.segments, route))
    .map(({ position, segments }) =>
      ['', ...texts.slice(0, position), ...segments.map(asRule), ...texts.slice(position)].join('/'),
    );
}

/** Wherever a run of segments may be taken out of a pattern to leave the route. */
function mountsWithin(full: readonly string[], route: readonly string[]): readonly Mount[] {
  const length = full.length - route.length;
  if (length <= 0) return [];
  return Array.from({ length: route.length + 1 }, (_, position) => position)
    .filter((position) => route.every((segment, n) => segment === full[n < position ? n : n + length]))
    .map((position) => ({ position, segments: full.slice(position, position + length), route }));
}

function asRule(segment: string): string {
  return segment.replaceAll(PARAMETER, '*').replaceAll(SPLAT, '*');
}

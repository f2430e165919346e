import { pathRuleFault } from '../../config/path-rule-fault.js';
import { ConfigError } from '../../errors.js';
import {
  collapseSlashes,
  percentDecode,
  resolveDotSegments,
  withoutTrailingSlashes,
} from './path-rewrites.js';
import { PARAMETER, SPLAT, writeOutPattern } from './route-pattern.js';
import { compileSegment, type SegmentRule } from './segment-rule.js';

/** One path rule of the configuration, compiled. Compares without case: that can only add a requirement. */
export interface PathRule {
  /** The rule as it is compared: leading slash, lower case, no trailing slash. */
  readonly text: string;
  readonly segments: readonly SegmentRule[];
  /** Whether a canonical path (leading slash, lower case, no trailing slash) falls under the rule. */
  matches(path: string): boolean;
  /**
   * Whether a route is guarded because its own pattern, written out, falls under the rule, whatever it is
   * reached as: `/access/:id` under `/access`. One of its optional forms is enough.
   */
  matchesPattern(routePattern: string): boolean;
  /** Whether a route could be reached by some path under the rule: `/:section/health` for `/master`. */
  mayReach(routePattern: string): boolean;
}

/**
 * Compiles a path rule: a prefix by whole segments, in which `*` and `:name` stand for one segment and a `*`
 * within a segment for any run of characters there, so that `/access*` guards the raw prefix.
 * A named wildcard (`*rest`, as Express 5 writes it) counts as `*`. `/` guards everything.
 * @throws {ConfigError} for a rule that could never match what its author meant.
 * @example compilePathRule('/access').matches('/access/health') // true; '/accessories' is false
 */
export function compilePathRule(text: string): PathRule {
  refuseWhatNeverMatches(text);
  return compileCanonicalRule(canonicalRule(text));
}

/** As {@link compilePathRule}, for a text that is canonical already, such as another rule's behind a prefix. */
export function compileCanonicalRule(canonical: string): PathRule {
  return new SegmentedPathRule(canonical, segmentsOf(canonical).map(compileSegment));
}

/** The segments of a canonical path; none for the root. */
export function segmentsOf(path: string): readonly string[] {
  return path === '/' ? [] : path.slice(1).split('/');
}

class SegmentedPathRule implements PathRule {
  constructor(
    readonly text: string,
    readonly segments: readonly SegmentRule[],
  ) {}

  matches(path: string): boolean {
    const texts = segmentsOf(path);
    return this.segments.every((segment, index) => {
      const text = texts[index];
      return text !== undefined && segment.matches(text);
    });
  }

  matchesPattern(routePattern: string): boolean {
    return writeOutPattern(routePattern).some((path) => this.matches(path));
  }

  mayReach(routePattern: string): boolean {
    return writeOutPattern(routePattern).some((path) => reaches(this.segments, segmentsOf(path)));
  }
}

/** @param route segments of a pattern that was written out */
export function reaches(rule: readonly SegmentRule[], route: readonly string[]): boolean {
  for (const [index, segment] of rule.entries()) {
    const text = route[index];
    if (text === undefined) return false;
    if (text.includes(SPLAT)) return true;
    if (!text.includes(PARAMETER) && !segment.matches(text)) return false;
  }
  return true;
}

function canonicalRule(text: string): string {
  const path = collapseSlashes(`/${text.trim().replaceAll('\\', '/')}`);
  return withoutTrailingSlashes(resolveDotSegments(percentDecode(path).toLowerCase()));
}

function refuseWhatNeverMatches(text: string): void {
  const fault = pathRuleFault(text);
  if (fault !== undefined) throw new ConfigError([`path rule ${JSON.stringify(text)}: ${fault}`]);
}

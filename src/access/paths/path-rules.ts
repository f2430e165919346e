import type { OnApplicationBootstrap } from '@nestjs/common';
import { NONE, Requirement } from '../requirement.js';
import { formsOfOddTarget, plainPath } from './canonical-path.js';
import {
  type CompiledRules,
  compileRules,
  holdsFor,
  type LeveledRule,
  type PathRuleLists,
  pathsOfPattern,
  treeFor,
  type WrittenRule,
  writtenRules,
} from './compiled-rules.js';
import { isExactly, namesEndpoint } from './own-endpoints.js';
import type { RoutePrefixes } from './route-prefixes.js';
import type { RuleTree } from './rule-tree.js';

/**
 * Patterns come from the application's code; should somebody make them from requests, no more characters than these
 * are kept.
 */
const MAX_PATTERN_CHARACTERS = 1 << 20;
/**
 * The path rules of an application. A rule holds with and without the global prefix and URI version, and for the
 * routes of a module with and without its path of `RouterModule`. Before the application is bootstrapped those may
 * still change, so whoever asks earlier gets an answer from what is set at that moment, and nothing is kept of it for
 * longer than the turn of the event loop in which a document may ask for hundreds of routes.
 */
export class PathRules implements OnApplicationBootstrap {
  private readonly lists: readonly WrittenRule[];
  private kept: CompiledRules | undefined;
  private isSettled: boolean;
  private readonly ofPatterns = new Map<RuleTree, Map<string, Requirement>>();
  private patternCharacters = 0;
  /** The most that all rules together can ask. */
  private readonly ceiling: Requirement;

  /**
   * @param prefixes asked again and again until {@link onApplicationBootstrap}; without it, there are none
   * @param ownHandlers the functions that serve endpoints of ours
   * @throws {ConfigError} for a rule that could never match what its author meant
   */
  constructor(
    lists: PathRuleLists,
    private readonly prefixes?: () => RoutePrefixes,
    private readonly ownHandlers: ReadonlySet<unknown> = new Set(),
  ) {
    this.isSettled = prefixes === undefined;
    this.lists = writtenRules(lists);
    this.ceiling = Requirement.all(this.lists.map(({ requirement }) => requirement));
  }

  /** From now on the prefixes are taken as they are, unless {@link refresh} says that they have changed. */
  onApplicationBootstrap(): void {
    this.isSettled = true;
    this.refresh();
  }

  /** Whether there is no rule, so that nothing needs to be asked. */
  get isEmpty(): boolean {
    return this.ceiling.isOpen;
  }

  /** Whether rules that cover endpoints of ours do not mean all of them. */
  get sparesEndpoints(): boolean {
    return !this.ceiling.isOpen && this.compiled().own.size > 0;
  }

  /** Whether this function serves an endpoint of ours. */
  isOwnHandler(handler: unknown): boolean {
    return this.ownHandlers.has(handler);
  }

  get rules(): readonly LeveledRule[] {
    return this.compiled().leveled;
  }

  /** Forgets the prefixes; they are asked for again at the next use. */
  refresh(): void {
    this.kept = undefined;
    this.ofPatterns.clear();
    this.patternCharacters = 0;
  }

  /**
   * What the rules ask for a raw request target, however it is spelt. Never throws.
   * @param method undefined: what they ask for one or another method
   * @param mayBeOwn whether an endpoint of ours may be what answers: there the rules ask only where they name it
   */
  requirementForTarget(target: string, method?: string, mayBeOwn = false): Requirement {
    if (this.ceiling.isOpen) return NONE;
    const compiled = this.compiled();
    const plain = plainPath(target);
    if (plain === undefined) return this.requirementForOddTarget(target, treeFor(compiled, method));
    const requirement = treeFor(compiled, method).requirementFor(plain);
    if (!mayBeOwn || requirement.isOpen || method === undefined || compiled.own.size === 0)
      return requirement;
    const own = compiled.own.get(plain);
    return own?.methods.has(method) && isExactly(target, own.pattern) ? own.requirement : requirement;
  }

  /**
   * What the rules ask for a route because of its pattern, whatever it is reached as. Never throws.
   * @param method as for {@link requirementForTarget}, as is the last
   */
  requirementForPattern(pattern: string, method?: string, mayBeOwn = false): Requirement {
    if (this.ceiling.isOpen) return NONE;
    if (mayBeOwn && method !== undefined) {
      const own = this.compiled().own.get(pattern.toLowerCase());
      if (own?.methods.has(method) && own.pattern === pattern) return own.requirement;
    }
    const compiled = this.compiled();
    const tree = treeFor(compiled, method);
    const kept = this.ofPatterns.get(tree)?.get(pattern);
    if (kept !== undefined) return kept;
    const requirement = this.requirementForPaths(pathsOfPattern(pattern, compiled), tree);
    if (this.patternCharacters + pattern.length <= MAX_PATTERN_CHARACTERS) {
      this.patternCharacters += pattern.length;
      const ofTree = this.ofPatterns.get(tree) ?? new Map<string, Requirement>();
      this.ofPatterns.set(tree, ofTree.set(pattern, requirement));
    }
    return requirement;
  }

  /** As {@link requirementForPattern}, for an endpoint of ours. */
  requirementForEndpoint(pattern: string, method?: string): Requirement {
    return (
      this.compiled().own.get(pattern.toLowerCase())?.requirement ??
      this.requirementForPattern(pattern, method)
    );
  }

  /**
   * The rules that a route falls under because of its pattern.
   * @param method of the route; undefined: those for one or another method
   * @param isEndpoint whether it is one of ours: then only those that name it
   */
  rulesForPattern(pattern: string, method?: string, isEndpoint = false): readonly LeveledRule[] {
    const compiled = this.compiled();
    const endpoint = isEndpoint ? compiled.ownEndpoints.get(pattern) : undefined;
    const paths = pathsOfPattern(pattern, compiled);
    return compiled.leveled.filter(
      ({ spellings, methods }) =>
        holdsFor(methods, method) &&
        spellings.some(
          (rule) =>
            paths.some((path) => rule.matches(path)) &&
            (endpoint === undefined || namesEndpoint(rule, endpoint)),
        ),
    );
  }

  private requirementForOddTarget(target: string, tree: RuleTree): Requirement {
    const forms = formsOfOddTarget(target);
    return forms === undefined ? this.ceiling : this.requirementForPaths(forms, tree);
  }

  private requirementForPaths(paths: readonly string[], tree: RuleTree): Requirement {
    let requirement = NONE;
    for (const path of paths) {
      const asked = tree.requirementFor(path);
      if (asked.isOpen) continue;
      requirement = requirement.and(asked);
      if (requirement.implies(this.ceiling)) break;
    }
    return requirement;
  }

  private compiled(): CompiledRules {
    if (!this.kept && !this.isSettled) queueMicrotask(this.refreshUntilSettled);
    return (this.kept ??= compileRules(this.lists, this.prefixes?.()));
  }

  private readonly refreshUntilSettled = (): void => {
    if (!this.isSettled) this.refresh();
  };
}

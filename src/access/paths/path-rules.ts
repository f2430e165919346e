import type { OnApplicationBootstrap } from '@nestjs/common';
import { ACCESS, MASTER, NONE, type Demand } from '../demand.js';
import { formsOfOddTarget, plainPath } from './canonical-path.js';
import { isExactly, namesEndpoint, ownDemands, type OwnDemand, type OwnEndpoint } from './own-endpoints.js';
import { compileCanonicalRule, compilePathRule, type PathRule } from './path-rule.js';
import { PARAMETER, SPLAT, writeOutPattern } from './route-pattern.js';
import type { RoutePrefixes } from './route-prefixes.js';
import { RuleTree } from './rule-tree.js';

/** The lists of the configuration. */
export interface PathRuleLists {
  readonly master: readonly string[];
  readonly access: readonly string[];
}

/** A rule of the configuration with every spelling that prefixes give it. */
export interface LeveledRule {
  /** As its author wrote it. */
  readonly text: string;
  readonly demand: Demand;
  /** The rule as written, then with global prefix, version, and both. */
  readonly spellings: readonly PathRule[];
}

/**
 * Patterns come from the application's code; should somebody make them from requests, no more characters than these
 * are kept.
 */
const MAX_PATTERN_CHARACTERS = 1 << 20;
const NO_PREFIXES: RoutePrefixes = { globalPrefix: '', versionPrefixes: [] };

/** What follows from the rules and the prefixes, and is made from both. */
interface Compiled {
  readonly leveled: readonly LeveledRule[];
  readonly tree: RuleTree;
  /** Written-out patterns below a path of `RouterModule`, each with what it is with less of it. */
  readonly mounted: ReadonlyMap<string, readonly string[]>;
  readonly own: ReadonlyMap<string, OwnDemand>;
  readonly ownEndpoints: ReadonlyMap<string, OwnEndpoint>;
}

/**
 * The path rules of an application. A rule holds with and without the global prefix and URI version, and for the
 * routes of a module with and without its path of `RouterModule`. Before the application is bootstrapped those may
 * still change, so whoever asks earlier gets an answer from what is set at that moment, and nothing is kept of it for
 * longer than the turn of the event loop in which a document may ask for hundreds of routes.
 */
export class PathRules implements OnApplicationBootstrap {
  private readonly lists: readonly Pick<LeveledRule, 'text' | 'demand'>[];
  private kept: Compiled | undefined;
  private isSettled: boolean;
  private readonly ofPatterns = new Map<string, Demand>();
  private patternCharacters = 0;
  /** The most that all rules together can ask. */
  private readonly ceiling: Demand;

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
    this.lists = [
      ...lists.master.map((text) => ({ text, demand: MASTER })),
      ...lists.access.map((text) => ({ text, demand: ACCESS })),
    ];
    for (const { text } of this.lists) compilePathRule(text);
    this.ceiling = this.lists.reduce<Demand>((sum, { demand }) => sum | demand, NONE);
  }

  /** From now on the prefixes are taken as they are, unless {@link refresh} says that they have changed. */
  onApplicationBootstrap(): void {
    this.isSettled = true;
    this.refresh();
  }

  /** Whether there is no rule, so that nothing needs to be asked. */
  get isEmpty(): boolean {
    return this.ceiling === NONE;
  }

  /** Whether rules that cover endpoints of ours do not mean all of them. */
  get sparesEndpoints(): boolean {
    return this.ceiling !== NONE && this.compiled().own.size > 0;
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
   * @param method of a request that an endpoint of ours may answer: there the rules ask only where they name it
   */
  demandForTarget(target: string, method?: string): Demand {
    if (this.ceiling === NONE) return NONE;
    const compiled = this.compiled();
    const plain = plainPath(target);
    if (plain === undefined) {
      const forms = formsOfOddTarget(target);
      return forms === undefined ? this.ceiling : this.demandForPaths(forms, compiled);
    }
    const demand = compiled.tree.demandFor(plain);
    if (demand === NONE || method === undefined || compiled.own.size === 0) return demand;
    const own = compiled.own.get(plain);
    return own?.methods.has(method) && isExactly(target, own.pattern) ? own.demand : demand;
  }

  /**
   * What the rules ask for a route because of its pattern, whatever it is reached as. Never throws.
   * @param method of an endpoint of ours, as for {@link demandForTarget}
   */
  demandForPattern(pattern: string, method?: string): Demand {
    if (this.ceiling === NONE) return NONE;
    if (method !== undefined) {
      const own = this.compiled().own.get(pattern.toLowerCase());
      if (own?.methods.has(method) && own.pattern === pattern) return own.demand;
    }
    let demand = this.ofPatterns.get(pattern);
    if (demand === undefined) {
      const compiled = this.compiled();
      demand = this.demandForPaths(pathsOfPattern(pattern, compiled), compiled);
      if (this.patternCharacters + pattern.length <= MAX_PATTERN_CHARACTERS) {
        this.patternCharacters += pattern.length;
        this.ofPatterns.set(pattern, demand);
      }
    }
    return demand;
  }

  /** As {@link demandForPattern}, for an endpoint of ours, whatever the method. */
  demandForEndpoint(pattern: string): Demand {
    return this.compiled().own.get(pattern.toLowerCase())?.demand ?? this.demandForPattern(pattern);
  }

  /**
   * The rules that a route falls under because of its pattern.
   * @param isEndpoint whether it is one of ours: then only those that name it
   */
  rulesForPattern(pattern: string, isEndpoint = false): readonly LeveledRule[] {
    const compiled = this.compiled();
    const endpoint = isEndpoint ? compiled.ownEndpoints.get(pattern) : undefined;
    const paths = pathsOfPattern(pattern, compiled);
    return compiled.leveled.filter(({ spellings }) =>
      spellings.some(
        (rule) =>
          paths.some((path) => rule.matches(path)) &&
          (endpoint === undefined || namesEndpoint(rule, endpoint)),
      ),
    );
  }

  private demandForPaths(paths: readonly string[], { tree }: Compiled): Demand {
    let demand = NONE;
    for (const path of paths) {
      demand |= tree.demandFor(path);
      if (demand === this.ceiling) break;
    }
    return demand;
  }

  private compiled(): Compiled {
    if (this.kept) return this.kept;
    this.kept = this.compile(this.prefixes?.() ?? NO_PREFIXES);
    if (!this.isSettled) queueMicrotask(this.refreshUntilSettled);
    return this.kept;
  }

  private readonly refreshUntilSettled = (): void => {
    if (!this.isSettled) this.refresh();
  };

  private compile(prefixes: RoutePrefixes): Compiled {
    const leveled = this.withPrefixes(prefixes);
    const { ownEndpoints = [] } = prefixes;
    const tree = new RuleTree();
    for (const { demand, spellings } of leveled) {
      for (const rule of spellings) tree.add(rule, demand);
    }
    return {
      leveled,
      tree,
      mounted: writtenOut(prefixes.withoutModulePath),
      ownEndpoints: new Map(ownEndpoints.map((endpoint) => [endpoint.pattern, endpoint])),
      own: ownDemands(ownEndpoints, (endpoint) => demandsAt(endpoint, leveled)),
    };
  }

  private withPrefixes({ late = NO_PREFIXES, ...early }: RoutePrefixes): readonly LeveledRule[] {
    const all = [early, late];
    const prefixes = ['', ...new Set(all.flatMap(({ globalPrefix }) => spellingsOfPrefix(globalPrefix)))];
    const versions = [
      '',
      ...new Set(all.flatMap(({ versionPrefixes }) => versionPrefixes.map(versionSegment))),
    ];
    return this.lists.map(({ text, demand }) => {
      const written = compilePathRule(text);
      const spellings = new Map([[written.text, written]]);
      for (const path of behindPrefixes(written.text, prefixes, versions)) {
        if (!spellings.has(path)) spellings.set(path, compileCanonicalRule(path));
      }
      return { text, demand, spellings: [...spellings.values()] };
    });
  }
}

/** What all rules that cover an endpoint of ours ask, and what those ask that name it. */
function demandsAt(endpoint: OwnEndpoint, leveled: readonly LeveledRule[]): { all: Demand; own: Demand } {
  let all = NONE;
  let own = NONE;
  for (const { demand, spellings } of leveled) {
    const covering = spellings.filter((rule) => rule.matchesPattern(endpoint.pattern));
    if (covering.length > 0) all |= demand;
    if (covering.some((rule) => namesEndpoint(rule, endpoint))) own |= demand;
  }
  return { all, own };
}

function pathsOfPattern(pattern: string, { mounted }: Compiled): readonly string[] {
  return writeOutPattern(pattern).flatMap((path) => [path, ...(mounted.get(path) ?? [])]);
}

function writtenOut(
  patterns: ReadonlyMap<string, readonly string[]> = new Map(),
): Map<string, readonly string[]> {
  const paths = new Map<string, readonly string[]>();
  for (const [pattern, others] of patterns) {
    const written = others.flatMap(writeOutPattern);
    for (const path of writeOutPattern(pattern)) paths.set(path, [...(paths.get(path) ?? []), ...written]);
  }
  return paths;
}

function behindPrefixes(
  rule: string,
  prefixes: readonly string[],
  versions: readonly string[],
): readonly string[] {
  const path = rule === '/' ? '' : rule;
  return prefixes.flatMap((prefix) =>
    versions.flatMap((version) => {
      const spellings = [prefix + version + path || '/'];
      // Written with the global prefix, but without the version that follows it.
      if (path === prefix || path.startsWith(`${prefix}/`))
        spellings.push(prefix + version + path.slice(prefix.length) || '/');
      return spellings;
    }),
  );
}

function versionSegment(version: string): string {
  return `/${version.toLowerCase()}`;
}

/** A global prefix may hold parameters and optional groups; in a rule they are wildcards. */
function spellingsOfPrefix(globalPrefix: string): readonly string[] {
  return writeOutPattern(globalPrefix)
    .filter((path) => path !== '/')
    .map((path) => path.replaceAll(PARAMETER, '*').replaceAll(SPLAT, '*'));
}

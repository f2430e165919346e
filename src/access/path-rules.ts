import { canonicalForms, plainPath } from './canonical-path.js';
import { ACCESS, MASTER, NONE, type Demand } from './demand.js';
import { compileCanonicalRule, compilePathRule, type PathRule } from './path-rule.js';
import { PARAMETER, SPLAT, writeOutPattern } from './route-pattern.js';
import { RuleTree } from './rule-tree.js';

/** The lists of the configuration. */
export interface PathRuleLists {
  readonly master: readonly string[];
  readonly access: readonly string[];
}

/** What the application puts before the paths of its controllers. */
export interface RoutePrefixes {
  /** As given to `setGlobalPrefix`; empty: none. */
  readonly globalPrefix: string;
  /** First segments of URI versioning that routes use, such as `v1`. */
  readonly versionPrefixes: readonly string[];
  /** Patterns that begin with a path of `RouterModule`, and what they would be without it. */
  readonly withoutModulePath?: ReadonlyMap<string, string>;
}

/** A rule of the configuration with every spelling that prefixes give it. */
export interface LeveledRule {
  /** As its author wrote it. */
  readonly text: string;
  readonly demand: Demand;
  /** The rule as written, then with global prefix, version, and both. */
  readonly spellings: readonly PathRule[];
}

/** Patterns come from the application's code; this bounds the memory should somebody make them from requests. */
const MAX_PATTERNS = 10_000;
const NO_PREFIXES: RoutePrefixes = { globalPrefix: '', versionPrefixes: [] };

/**
 * The path rules of an application. A rule holds with and without the global prefix and URI version, and for the
 * routes of a module with and without its path of `RouterModule`; those are asked for at first use, because
 * `setGlobalPrefix` is called after the modules have been built.
 */
export class PathRules {
  private readonly lists: readonly Pick<LeveledRule, 'text' | 'demand'>[];
  private leveled: readonly LeveledRule[] | undefined;
  private tree: RuleTree | undefined;
  /** Written-out patterns below a path of `RouterModule`, each with what it is without it. */
  private mounted: ReadonlyMap<string, readonly string[]> | undefined;
  private readonly ofPatterns = new Map<string, Demand>();
  /** The most that all rules together can ask. */
  private readonly ceiling: Demand;

  /** @throws {ConfigError} for a rule that could never match what its author meant */
  constructor(
    lists: PathRuleLists,
    private readonly prefixes: () => RoutePrefixes = () => NO_PREFIXES,
  ) {
    this.lists = [
      ...lists.master.map((text) => ({ text, demand: MASTER })),
      ...lists.access.map((text) => ({ text, demand: ACCESS })),
    ];
    for (const { text } of this.lists) compilePathRule(text);
    this.ceiling = this.lists.reduce<Demand>((sum, { demand }) => sum | demand, NONE);
  }

  /** Whether there is no rule, so that nothing needs to be asked. */
  get isEmpty(): boolean {
    return this.ceiling === NONE;
  }

  get rules(): readonly LeveledRule[] {
    return (this.leveled ??= this.withPrefixes());
  }

  /** Forgets the prefixes; they are asked for again at the next use. */
  refresh(): void {
    this.leveled = undefined;
    this.tree = undefined;
    this.mounted = undefined;
    this.ofPatterns.clear();
  }

  /** What the rules ask for a raw request target, however it is spelt. Never throws. */
  demandForTarget(target: string): Demand {
    if (this.ceiling === NONE) return NONE;
    const plain = plainPath(target);
    if (plain !== undefined) return this.demandForPath(plain);
    const forms = canonicalForms(target);
    return forms === undefined ? this.ceiling : this.demandForPaths(forms);
  }

  /** What the rules ask for a route because of its pattern, whatever it is reached as. Never throws. */
  demandForPattern(pattern: string): Demand {
    if (this.ceiling === NONE) return NONE;
    let demand = this.ofPatterns.get(pattern);
    if (demand === undefined) {
      demand = this.demandForPaths(this.pathsOfPattern(pattern));
      if (this.ofPatterns.size < MAX_PATTERNS) this.ofPatterns.set(pattern, demand);
    }
    return demand;
  }

  /** The rules that a route falls under because of its pattern. */
  rulesForPattern(pattern: string): readonly LeveledRule[] {
    const paths = this.pathsOfPattern(pattern);
    return this.rules.filter(({ spellings }) =>
      spellings.some((rule) => paths.some((path) => rule.matches(path))),
    );
  }

  private pathsOfPattern(pattern: string): readonly string[] {
    const mounted = (this.mounted ??= writtenOut(this.prefixes().withoutModulePath));
    return writeOutPattern(pattern).flatMap((path) => [path, ...(mounted.get(path) ?? [])]);
  }

  private demandForPaths(paths: readonly string[]): Demand {
    let demand = NONE;
    for (const path of paths) {
      demand |= this.demandForPath(path);
      if (demand === this.ceiling) break;
    }
    return demand;
  }

  private demandForPath(path: string): Demand {
    return (this.tree ??= this.planted()).demandFor(path);
  }

  private planted(): RuleTree {
    const tree = new RuleTree();
    for (const { demand, spellings } of this.rules) {
      for (const rule of spellings) tree.add(rule, demand);
    }
    return tree;
  }

  private withPrefixes(): readonly LeveledRule[] {
    const { globalPrefix, versionPrefixes } = this.prefixes();
    const prefixes = ['', ...spellingsOfPrefix(globalPrefix)];
    const versions = ['', ...versionPrefixes.map((version) => `/${version.toLowerCase()}`)];
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

function writtenOut(patterns: ReadonlyMap<string, string> = new Map()): Map<string, readonly string[]> {
  const paths = new Map<string, readonly string[]>();
  for (const [pattern, other] of patterns) {
    const others = writeOutPattern(other);
    for (const path of writeOutPattern(pattern)) paths.set(path, [...(paths.get(path) ?? []), ...others]);
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

/** A global prefix may hold parameters and optional groups; in a rule they are wildcards. */
function spellingsOfPrefix(globalPrefix: string): readonly string[] {
  return writeOutPattern(globalPrefix)
    .filter((path) => path !== '/')
    .map((path) => path.replaceAll(PARAMETER, '*').replaceAll(SPLAT, '*'));
}

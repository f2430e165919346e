import type { PathRuleEntry } from '../../config/path-rule-entries.js';
import { ACCESS, MASTER, NONE, Requirement } from '../requirement.js';
import { namesEndpoint, ownRequirements, type OwnEndpoint, type OwnRequirement } from './own-endpoints.js';
import { behindMounts, mountsOf } from './mounted-rules.js';
import { compileCanonicalRule, compilePathRule, type PathRule } from './path-rule.js';
import { PARAMETER, SPLAT, writeOutPattern } from './route-pattern.js';
import type { RoutePrefixes } from './route-prefixes.js';
import { RuleTree } from './rule-tree.js';

/** The lists of the configuration. */
export interface PathRuleLists {
  readonly master: readonly (string | PathRuleEntry)[];
  readonly access: readonly (string | PathRuleEntry)[];
}

/** A rule of the configuration. */
export interface WrittenRule {
  /** As its author wrote it. */
  readonly text: string;
  /** Compiled as it was written. */
  readonly written: PathRule;
  readonly requirement: Requirement;
  /** For which methods it holds; undefined: for all. */
  readonly methods: ReadonlySet<string> | undefined;
}

/** A rule with every spelling that prefixes give it. */
export interface LeveledRule extends WrittenRule {
  /** The rule as written, with global prefix, version, and both, and each of these with a path of `RouterModule`. */
  readonly spellings: readonly PathRule[];
}

const NO_PREFIXES: RoutePrefixes = { globalPrefix: '', versionPrefixes: [] };

/** What follows from the rules and the prefixes, and is made from both. */
export interface CompiledRules {
  readonly leveled: readonly LeveledRule[];
  /** Of the rules that hold for a method; under `undefined` of all rules, for whatever method is not known. */
  readonly trees: ReadonlyMap<string | undefined, RuleTree>;
  /** Of the rules that hold for methods which no rule names. */
  readonly unnamed: RuleTree;
  /** Written-out patterns below a path of `RouterModule`, each with what it is with less of it. */
  readonly mounted: ReadonlyMap<string, readonly string[]>;
  readonly own: ReadonlyMap<string, OwnRequirement>;
  readonly ownEndpoints: ReadonlyMap<string, OwnEndpoint>;
}

/** @throws {ConfigError} for a rule that could never match what its author meant */
export function writtenRules({ master, access }: PathRuleLists): readonly WrittenRule[] {
  return [...master.map((rule) => ruleOf(rule, MASTER)), ...access.map((rule) => ruleOf(rule, ACCESS))];
}

/** What the lists come to with these prefixes. */
export function compileRules(
  lists: readonly WrittenRule[],
  prefixes: RoutePrefixes = NO_PREFIXES,
): CompiledRules {
  const leveled = withPrefixes(lists, prefixes);
  const { ownEndpoints = [] } = prefixes;
  const named = new Set(leveled.flatMap(({ methods }) => [...(methods ?? [])]));
  return {
    leveled,
    trees: new Map([undefined, ...named].map((method) => [method, treeOf(leveled, method)])),
    unnamed: treeOf(
      leveled.filter(({ methods }) => methods === undefined),
      undefined,
    ),
    mounted: writtenOut(prefixes.withoutModulePath),
    ownEndpoints: new Map(ownEndpoints.map((endpoint) => [endpoint.pattern, endpoint])),
    own: ownRequirements(ownEndpoints, (endpoint) => requirementsAt(endpoint, leveled)),
  };
}

function withPrefixes(
  lists: readonly WrittenRule[],
  { late = NO_PREFIXES, ...early }: RoutePrefixes,
): readonly LeveledRule[] {
  const all = [early, late];
  const prefixes = ['', ...new Set(all.flatMap(({ globalPrefix }) => spellingsOfPrefix(globalPrefix)))];
  const versions = [
    '',
    ...new Set(all.flatMap(({ versionPrefixes }) => versionPrefixes.map(versionSegment))),
  ];
  const mounts = mountsOf(early.withoutModulePath);
  return lists.map((rule) => {
    const { written } = rule;
    const spellings = new Map([[written.text, written]]);
    const add = (path: string): void => {
      if (!spellings.has(path)) spellings.set(path, compileCanonicalRule(path));
    };
    for (const path of behindPrefixes(written.text, prefixes, versions)) add(path);
    for (const path of [...spellings.values()].flatMap((rule) => behindMounts(rule, mounts))) add(path);
    return { ...rule, spellings: [...spellings.values()] };
  });
}

function ruleOf(rule: string | PathRuleEntry, credential: Requirement): WrittenRule {
  const { path, methods, scopes = [] }: PathRuleEntry = typeof rule === 'string' ? { path: rule } : rule;
  return {
    text: path,
    written: compilePathRule(path),
    requirement: scopes.length === 0 ? credential : credential.and(Requirement.ofScopes(scopes)),
    // What answers GET answers HEAD, too.
    methods: methods && new Set(methods.includes('GET') ? [...methods, 'HEAD'] : methods),
  };
}

/** A rule in the words of the configuration, for people. */
export function describeRule({ text, methods }: WrittenRule): string {
  return methods === undefined
    ? JSON.stringify(text)
    : `${JSON.stringify(text)} for ${[...methods].join(', ')}`;
}

/** Whether a rule for these methods holds for this one; of a method that is not known, it may. */
export function holdsFor(methods: ReadonlySet<string> | undefined, method: string | undefined): boolean {
  return methods === undefined || method === undefined || methods.has(method);
}

function treeOf(leveled: readonly LeveledRule[], method: string | undefined): RuleTree {
  const tree = new RuleTree();
  for (const { requirement, methods, spellings } of leveled) {
    if (!holdsFor(methods, method)) continue;
    for (const rule of spellings) tree.add(rule, requirement);
  }
  return tree;
}

/** The rules that hold for a method. */
export function treeFor({ trees, unnamed }: CompiledRules, method: string | undefined): RuleTree {
  // Where no rule names a method, the rules are the same for all.
  return trees.size === 1 ? unnamed : (trees.get(method) ?? unnamed);
}

/** What all rules that cover an endpoint of ours ask, and what those ask that name it. */
function requirementsAt(
  endpoint: OwnEndpoint,
  leveled: readonly LeveledRule[],
): { all: Requirement; own: Requirement } {
  let all = NONE;
  let own = NONE;
  for (const { requirement, methods, spellings } of leveled) {
    if (!holdsFor(methods, endpoint.method)) continue;
    const covering = spellings.filter((rule) => rule.matchesPattern(endpoint.pattern));
    if (covering.length > 0) all = all.and(requirement);
    if (covering.some((rule) => namesEndpoint(rule, endpoint))) own = own.and(requirement);
  }
  return { all, own };
}

/** What a pattern may be reached as. */
export function pathsOfPattern(pattern: string, { mounted }: CompiledRules): readonly string[] {
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

import { NONE, type Requirement } from '../requirement.js';
import type { PathRule } from './path-rule.js';
import type { SegmentRule } from './segment-rule.js';

interface Node {
  /** What everything at or below this node is asked for. */
  requirement: Requirement;
  readonly literals: Map<string, Node>;
  /** Below a segment that may be anything. */
  any: Node | undefined;
  /** Below segments that are partly fixed, by their first character, `*` included, and by their text. */
  readonly globs: Map<string, Globs>;
}

type Globs = Map<string, { readonly segment: SegmentRule; readonly node: Node }>;

/**
 * Many path rules as one tree of segments: what they ask for a path costs about one look-up a segment, however
 * many there are (with a prefix and two versions each rule has six spellings). Segments that mean the same share a
 * node, and no node is visited twice. Agrees with each rule's `matches`.
 */
export class RuleTree {
  private readonly root = emptyNode();

  add(rule: PathRule, requirement: Requirement): void {
    const end = rule.segments.reduce(childOf, this.root);
    end.requirement = end.requirement.and(requirement);
  }

  /** @param path canonical: leading slash, lower case, no trailing slash */
  requirementFor(path: string): Requirement {
    return path.length === 1 ? this.root.requirement : requirementBelow(this.root, path, 1);
  }
}

function requirementBelow(start: Node, path: string, from: number): Requirement {
  let requirement = NONE;
  let index = from;
  let node: Node | undefined = start;
  while (node) {
    if (!node.requirement.isOpen) requirement = requirement.and(node.requirement);
    if (index > path.length || isLeaf(node)) break;
    const slash = path.indexOf('/', index);
    const text = path.slice(index, slash === -1 ? path.length : slash);
    index += text.length + 1;
    if (node.any) {
      const below = requirementBelow(node.any, path, index);
      if (!below.isOpen) requirement = requirement.and(below);
    }
    if (node.globs.size > 0) {
      for (const first of text.startsWith('*') ? ['*'] : [text.charAt(0), '*']) {
        const globs = node.globs.get(first);
        if (globs) requirement = requirement.and(requirementOfGlobs(globs, text, path, index));
      }
    }
    node = node.literals.get(text);
  }
  return requirement;
}

function requirementOfGlobs(globs: Globs, text: string, path: string, index: number): Requirement {
  let requirement = NONE;
  for (const { segment, node } of globs.values()) {
    if (!segment.matches(text)) continue;
    const below = requirementBelow(node, path, index);
    if (!below.isOpen) requirement = requirement.and(below);
  }
  return requirement;
}

function isLeaf({ literals, any, globs }: Node): boolean {
  return literals.size === 0 && any === undefined && globs.size === 0;
}

function childOf(parent: Node, segment: SegmentRule): Node {
  if (segment.isAny) return (parent.any ??= emptyNode());
  if (segment.literal === undefined) {
    const first = segment.text.charAt(0);
    let globs = parent.globs.get(first);
    if (!globs) parent.globs.set(first, (globs = new Map()));
    let glob = globs.get(segment.text);
    if (!glob) globs.set(segment.text, (glob = { segment, node: emptyNode() }));
    return glob.node;
  }
  let node = parent.literals.get(segment.literal);
  if (!node) parent.literals.set(segment.literal, (node = emptyNode()));
  return node;
}

function emptyNode(): Node {
  return { requirement: NONE, literals: new Map(), any: undefined, globs: new Map() };
}

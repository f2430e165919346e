import { NONE, type Demand } from '../demand.js';
import type { PathRule } from './path-rule.js';
import type { SegmentRule } from './segment-rule.js';

interface Node {
  /** What everything at or below this node is asked for. */
  demand: Demand;
  readonly literals: Map<string, Node>;
  /** Below a segment that may be anything. */
  any: Node | undefined;
  /** Below segments that are partly fixed, by their text. */
  readonly globs: Map<string, { readonly segment: SegmentRule; readonly node: Node }>;
}

/**
 * Many path rules as one tree of segments: what they ask for a path costs about one look-up a segment, however
 * many there are (with a prefix and two versions each rule has six spellings). Segments that mean the same share a
 * node, and no node is visited twice. Agrees with each rule's `matches`.
 */
export class RuleTree {
  private readonly root = emptyNode();

  add(rule: PathRule, demand: Demand): void {
    const end = rule.segments.reduce(childOf, this.root);
    end.demand |= demand;
  }

  /** @param path canonical: leading slash, lower case, no trailing slash */
  demandFor(path: string): Demand {
    return path.length === 1 ? this.root.demand : demandBelow(this.root, path, 1);
  }
}

function demandBelow(start: Node, path: string, from: number): Demand {
  let demand = NONE;
  let index = from;
  let node: Node | undefined = start;
  while (node) {
    demand |= node.demand;
    if (index > path.length || isLeaf(node)) break;
    const slash = path.indexOf('/', index);
    const text = path.slice(index, slash === -1 ? path.length : slash);
    index += text.length + 1;
    if (node.any) demand |= demandBelow(node.any, path, index);
    if (node.globs.size > 0) {
      for (const glob of node.globs.values()) {
        if (glob.segment.matches(text)) demand |= demandBelow(glob.node, path, index);
      }
    }
    node = node.literals.get(text);
  }
  return demand;
}

function isLeaf({ literals, any, globs }: Node): boolean {
  return literals.size === 0 && any === undefined && globs.size === 0;
}

function childOf(parent: Node, segment: SegmentRule): Node {
  if (segment.isAny) return (parent.any ??= emptyNode());
  if (segment.literal === undefined) {
    let glob = parent.globs.get(segment.text);
    if (!glob) parent.globs.set(segment.text, (glob = { segment, node: emptyNode() }));
    return glob.node;
  }
  let node = parent.literals.get(segment.literal);
  if (!node) parent.literals.set(segment.literal, (node = emptyNode()));
  return node;
}

function emptyNode(): Node {
  return { demand: NONE, literals: new Map(), any: undefined, globs: new Map() };
}

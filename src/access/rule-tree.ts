import type { Demand } from './demand.js';
import { NONE } from './demand.js';
import type { PathRule } from './path-rule.js';
import type { SegmentRule } from './segment-rule.js';

interface Node {
  /** What everything at or below this node is asked for. */
  demand: Demand;
  readonly literals: Map<string, Node>;
  readonly wildcards: { readonly segment: SegmentRule; readonly node: Node }[];
}

/**
 * Many path rules as one tree of segments: what they ask for a path costs about one look-up a segment, however
 * many there are (with a prefix and two versions each rule has six spellings). Agrees with each rule's `matches`.
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
    if (index > path.length || (node.literals.size === 0 && node.wildcards.length === 0)) break;
    const slash = path.indexOf('/', index);
    const text = path.slice(index, slash === -1 ? path.length : slash);
    index += text.length + 1;
    for (const wildcard of node.wildcards) {
      if (wildcard.segment.matches(text)) demand |= demandBelow(wildcard.node, path, index);
    }
    node = node.literals.get(text);
  }
  return demand;
}

function childOf(parent: Node, segment: SegmentRule): Node {
  const node = emptyNode();
  if (segment.literal === undefined) {
    parent.wildcards.push({ segment, node });
    return node;
  }
  const existing = parent.literals.get(segment.literal);
  if (!existing) parent.literals.set(segment.literal, node);
  return existing ?? node;
}

function emptyNode(): Node {
  return { demand: NONE, literals: new Map(), wildcards: [] };
}

/** One segment of a path rule. */
export interface SegmentRule {
  /** The text, when the segment holds no wildcard. */
  readonly literal: string | undefined;
  /** Whether it stands for any segment. */
  readonly isAny: boolean;
  /** Equal for segments that match the same. */
  readonly text: string;
  matches(segment: string): boolean;
}

/** A whole segment that varies: `*`, `**`, `:name`, and `*name` as Express 5 writes a wildcard. */
const ANY = /^(?:\*+|\*?[\p{ID_Start}$_][\p{ID_Continue}$]*|:[\p{ID_Continue}$]+)$/u;
const PARAMETER_WITHIN = /:[\p{ID_Continue}$]+/gu;

/** Compiles one segment. Matching is linear: no regular expression is made from the user's text. */
export function compileSegment(text: string): SegmentRule {
  if ((text.startsWith('*') || text.startsWith(':')) && ANY.test(text)) return ANY_SEGMENT;
  const glob = text.replace(PARAMETER_WITHIN, '*');
  return glob.includes('*') ? new GlobSegment(glob) : new LiteralSegment(text);
}

const ANY_SEGMENT: SegmentRule = { literal: undefined, isAny: true, text: '*', matches: () => true };

class LiteralSegment implements SegmentRule {
  readonly isAny = false;

  constructor(readonly literal: string) {}

  get text(): string {
    return this.literal;
  }

  matches(segment: string): boolean {
    return segment === this.literal;
  }
}

class GlobSegment implements SegmentRule {
  readonly literal = undefined;
  readonly isAny = false;
  private readonly head: string;
  private readonly middle: readonly string[];
  private readonly tail: string;

  constructor(readonly text: string) {
    const parts = text.split('*');
    this.head = parts[0] ?? '';
    this.tail = parts.at(-1) ?? '';
    this.middle = parts.slice(1, -1);
  }

  matches(segment: string): boolean {
    const end = segment.length - this.tail.length;
    let index = this.head.length;
    if (end < index || !segment.startsWith(this.head) || !segment.endsWith(this.tail)) return false;
    // Taking each part as early as it can be leaves the most for the rest, so nothing has to be tried twice.
    for (const part of this.middle) {
      const found = segment.indexOf(part, index);
      if (found === -1) return false;
      index = found + part.length;
    }
    return index <= end;
  }
}

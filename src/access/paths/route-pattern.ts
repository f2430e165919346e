import { collapseSlashes, percentDecode, withoutTrailingSlashes } from './path-rewrites.js';
import { endOfExpression } from './route-expression.js';

/** Stands for a parameter in a written-out pattern; no rule and no request path holds it as text. */
export const PARAMETER = '\u0000';
/** Stands for a wildcard that takes any number of segments. */
export const SPLAT = '\u0001';

/** path-to-regexp refuses more combinations of optional groups than this. */
const MAX_VARIANTS = 256;
/** Groups within groups; what is deeper is text. */
const MAX_DEPTH = 32;
const NAME = /[\p{ID_Continue}$\u200c\u200d]/u;

/**
 * A route pattern as plain paths in lower case: {@link PARAMETER} and {@link SPLAT} for what varies, one path
 * for each combination of optional parts. Reads Express 5 (`/a{/:b}`, `/*rest`, `:"a b"`), Fastify
 * (`/*`, `/:id(^\\d+)`, `/:a-:b`, `::`, `:last?`) and Nest's older spellings (`/(.*)`); never throws.
 */
export function writeOutPattern(pattern: string): readonly string[] {
  const variants = new Set<string>();
  for (const text of withAndWithoutGroups(pattern)) {
    const path = withoutTrailingSlashes(collapseSlashes(`/${text.toLowerCase()}`));
    variants.add(path);
    variants.add(percentDecode(path).toLowerCase());
  }
  return [...variants];
}

function withAndWithoutGroups(pattern: string): readonly string[] {
  const reader = new PatternReader(pattern);
  return reader.read();
}

/** One pass over the pattern, left to right; holds every variant written so far. */
class PatternReader {
  private index = 0;

  constructor(private readonly pattern: string) {}

  read(): readonly string[] {
    let variants = this.sequence(0);
    // A closing brace without an opening one is text.
    while (this.index < this.pattern.length) {
      this.index++;
      variants = combine(variants, combine(['}'], this.sequence(0)));
    }
    return variants;
  }

  private sequence(depth: number): readonly string[] {
    let variants: readonly string[] = [''];
    while (this.index < this.pattern.length) {
      const char = this.pattern.charAt(this.index++);
      if (char === '}' && depth > 0) return variants;
      if (char === '}') {
        this.index--;
        return variants;
      }
      if (char === '{' && depth < MAX_DEPTH) variants = combine(variants, optional(this.sequence(depth + 1)));
      else if (char === '?') variants = bounded([...variants, ...variants.map(withoutLastSegment)]);
      else variants = combine(variants, [this.token(char)]);
    }
    return variants;
  }

  private token(char: string): string {
    if (char === '\\') return this.pattern.charAt(this.index++);
    if (char === '*') {
      this.skipName();
      return SPLAT;
    }
    if (char === '(') {
      this.index--;
      this.skipExpression();
      return SPLAT;
    }
    if (char !== ':') return char;
    if (this.pattern.charAt(this.index) === ':') {
      this.index++;
      return ':';
    }
    this.skipName();
    this.skipExpression();
    return PARAMETER;
  }

  private skipName(): void {
    if (this.pattern.charAt(this.index) === '"') {
      const end = this.pattern.indexOf('"', this.index + 1);
      this.index = end === -1 ? this.pattern.length : end + 1;
      return;
    }
    while (this.index < this.pattern.length && NAME.test(this.pattern.charAt(this.index))) this.index++;
  }

  private skipExpression(): void {
    if (this.pattern.charAt(this.index) === '(') this.index = endOfExpression(this.pattern, this.index);
  }
}

function combine(heads: readonly string[], tails: readonly string[]): readonly string[] {
  if (heads.length * tails.length <= MAX_VARIANTS) {
    return heads.flatMap((head) => tails.map((tail) => head + tail));
  }
  return [(heads[0] ?? '') + (tails[0] ?? ''), (heads.at(-1) ?? '') + (tails.at(-1) ?? '')];
}

/** Keeps the ends of the range when there are too many: nothing optional written out, and everything. */
function bounded(variants: readonly string[]): readonly string[] {
  return variants.length <= MAX_VARIANTS ? variants : [...variants.slice(0, 1), ...variants.slice(-1)];
}

function optional(variants: readonly string[]): readonly string[] {
  return ['', ...variants];
}

function withoutLastSegment(path: string): string {
  return path.slice(0, path.lastIndexOf('/') + 1);
}

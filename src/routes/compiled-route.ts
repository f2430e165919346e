import { LegacyRouteConverter } from '../nest.js';
import { pathToRegexp } from 'path-to-regexp';
import { endOfExpression } from '../access/paths/route-expression.js';

/** Expressions of the application's own are asked of no longer paths: Fastify bounds what it asks them of, too. */
const MAX_CONSTRAINED_LENGTH = 1024;

/** Whether a path in lower case, without a trailing slash, may be served by a route. */
export type RouteTest = (path: string) => boolean;

/**
 * Reads the pattern of a route as the application's router does, without regard to case.
 * @param adapterType of Nest's HTTP adapter: Fastify has a notation of its own, and Nest mends older ones for Express
 * @returns undefined for a pattern that cannot be read
 */
export function compileRoute(pattern: string, adapterType: string): RouteTest | undefined {
  try {
    if (adapterType === 'fastify') return compileFastifyRoute(pattern);
    const converted = LegacyRouteConverter.tryConvert(pattern, { logs: false });
    const { regexp } = pathToRegexp(converted, { sensitive: false, trailing: true });
    return (path) => regexp.test(path);
  } catch {
    return undefined;
  }
}

/** @see find-my-way: `:name`, `:name(expression)`, several of them in one segment, `::`, a last `:name?` or `*` */
function compileFastifyRoute(pattern: string): RouteTest {
  const optional = /^(.*)\/:[^/()]*\?\/?$/.exec(pattern);
  const written = optional ? [pattern.replace(/\?(?=\/?$)/, ''), optional[1] || '/'] : [pattern];
  const regexps = written.map((each) => new RegExp(`^${new FastifyPattern(each).read()}$`, 'i'));
  const isConstrained = pattern.includes('(');
  return (path) =>
    !(isConstrained && path.length > MAX_CONSTRAINED_LENGTH) && regexps.some((regexp) => regexp.test(path));
}

/** Reads a pattern left to right, and writes the expression that find-my-way would match with. */
class FastifyPattern {
  private index = 0;
  private readonly pattern: string;

  constructor(pattern: string) {
    this.pattern = pattern.length > 1 && pattern.endsWith('/') ? pattern.slice(0, -1) : pattern;
  }

  read(): string {
    const { pattern } = this;
    let expression = '';
    // What ends a parameter may not be within the next one of the same segment: otherwise nothing would be linear.
    let delimiter: string | undefined;
    while (this.index < pattern.length) {
      const fixed = this.fixedText();
      if (fixed.includes('/')) delimiter = undefined;
      else if (fixed !== '') delimiter = escaped(fixed);
      expression += escaped(fixed);
      if (pattern.charAt(this.index) === '*') {
        this.index++;
        expression += '.*';
      } else if (this.index < pattern.length) {
        expression += this.parameter(delimiter);
      }
    }
    return expression;
  }

  private fixedText(): string {
    let text = '';
    for (; this.index < this.pattern.length; this.index++) {
      const char = this.pattern.charAt(this.index);
      if (char === '*') break;
      if (char === ':') {
        if (this.pattern.charAt(this.index + 1) !== ':') break;
        this.index++;
      }
      text += char;
    }
    return text;
  }

  private parameter(delimiter: string | undefined): string {
    while (this.index < this.pattern.length && !'(-./'.includes(this.pattern.charAt(this.index)))
      this.index++;
    if (this.pattern.charAt(this.index) === '(') return this.constraint();
    return delimiter === undefined ? '[^/]*?' : `(?:${delimiter}|(?:(?!${delimiter})[^/])*)`;
  }

  private constraint(): string {
    const start = this.index;
    this.index = endOfExpression(this.pattern, start);
    const expression = this.pattern.slice(start + 1, this.index - 1);
    return `(?:${expression.replace(/^\^/, '').replace(/\$$/, '')})`;
  }
}

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

import { canonicalForms } from './canonical-path.js';
import { compileCanonicalRule, compilePathRule, type PathRule } from './path-rule.js';
import { percentDecode, withoutTrailingSlashes } from './path-rewrites.js';
import { plainlySpelt } from './plain-spelling.js';

interface PublicPath {
  /** Compared as path rules are, without case: decoded, and as servers read it that decode nothing. */
  readonly rules: readonly PathRule[];
  /** Compared with the path as it was sent: another case may be another path. */
  readonly exact: PathRule;
}

/**
 * What `default-access` leaves open although no handler serves it. Where a path rule may hold for too much, this must
 * not open too much: a path falls under it only if each way to read it does, and if it is spelt as its author spelt it.
 */
export class PublicPaths {
  private readonly paths: readonly PublicPath[];

  /** @throws {ConfigError} for a path that could never match what its author meant */
  constructor(readonly texts: readonly string[]) {
    this.paths = texts.map((text) => ({
      rules: [compilePathRule(text), compileCanonicalRule(withoutTrailingSlashes(text.toLowerCase()))],
      exact: compileCanonicalRule(withoutTrailingSlashes(percentDecode(text))),
    }));
  }

  get isEmpty(): boolean {
    return this.paths.length === 0;
  }

  /** Whether this request target, as it was sent, is one that is open. Never throws. */
  opens(target: string): boolean {
    if (this.isEmpty || plainlySpelt(target) === undefined) return false;
    const forms = canonicalForms(target);
    const sent = withoutTrailingSlashes(percentDecode(target.split('?', 1)[0] ?? ''));
    return (
      forms !== undefined &&
      this.paths.some(
        ({ rules, exact }) =>
          exact.matches(sent) && forms.every((form) => rules.some((rule) => rule.matches(form))),
      )
    );
  }
}

import { METHODS } from 'node:http';
import * as z from 'zod';
import { unknownScopeFault } from './known-scopes.js';
import { scopeNameFault } from './scope-name.js';
import { pathRuleFault } from './path-rule-fault.js';
import { text } from './setting-forms.js';

/** A path rule that holds for some methods only, or asks for scopes besides. */
export interface PathRuleEntry {
  readonly path: string;
  /** In upper case; undefined: all methods. */
  readonly methods?: readonly string[] | undefined;
  /** All of them. */
  readonly scopes?: readonly string[] | undefined;
}

const PATH = text(pathRuleFault);
const METHOD_LIST = z.array(text(methodFault)).min(1, { error: 'names no method; leave it out for all' });
const SCOPE_LIST = z.array(text(scopeFault)).min(1, { error: 'names no scope; leave it out' });

/** Paths that need the master token: each a text, or an object that names methods. */
export function masterPathRules() {
  return z.array(z.union([PATH, z.strictObject({ path: PATH, methods: METHOD_LIST.optional() })]));
}

/** Paths that need an access token: each a text, or an object that names methods or scopes. */
export function accessPathRules() {
  return z.array(
    z.union([
      PATH,
      z.strictObject({ path: PATH, methods: METHOD_LIST.optional(), scopes: SCOPE_LIST.optional() }),
    ]),
  );
}

/** As the application uses it, frozen: with a leading slash. */
export function pathRuleOf(given: string | PathRuleEntry): string | PathRuleEntry {
  if (typeof given === 'string') return withLeadingSlash(given);
  const { path, methods, scopes } = given;
  return Object.freeze({
    path: withLeadingSlash(path),
    methods: methods && Object.freeze([...methods]),
    scopes: scopes && Object.freeze([...scopes]),
  });
}

/** What path rules ask for that is not among the configured scopes. */
export function ruleScopeFaults({
  accessTokenPaths = [],
  scopes: known,
}: {
  readonly accessTokenPaths?: readonly (string | PathRuleEntry)[] | undefined;
  readonly scopes?: Readonly<Record<string, string>> | undefined;
}): readonly string[] {
  return accessTokenPaths.flatMap((rule) => {
    const { path, scopes = [] } = typeof rule === 'string' ? { path: rule } : rule;
    return scopes.flatMap((name) => {
      const fault = unknownScopeFault(known, name);
      const place = `the scope ${JSON.stringify(name)} of the path rule ${JSON.stringify(path)}`;
      return fault === undefined ? [] : [`${place} ${fault}`];
    });
  });
}

export function withLeadingSlash(path: string): string {
  const trimmed = path.trim();
  return trimmed.startsWith('/') ? trimmed : `/${trimmed}`;
}

function methodFault(method: string): string | undefined {
  return METHODS.includes(method)
    ? undefined
    : 'is not an HTTP method; write one in upper case such as "POST"';
}

function scopeFault(name: string): string | undefined {
  const fault = scopeNameFault(name);
  return fault && `cannot be a scope: it ${fault}`;
}

import * as z from 'zod';

/** @see RFC 6749 section 3.3, `scope-token` */
const SCOPE_NAME = /^[\x21\x23-\x5b\x5d-\x7e]+$/;
/** Of all names of one scope with the spaces between. */
export const MAX_SCOPE_LENGTH = 1024;

const NO_SCOPES: readonly string[] = Object.freeze([]);

/** The names of a scope, frozen, each once; none of what is no scope. */
export function scopeNames(scope: unknown): readonly string[] {
  if (scope === undefined) return NO_SCOPES;
  const names = typeof scope === 'string' ? scope.split(' ').filter((name) => SCOPE_NAME.test(name)) : [];
  return Object.freeze([...new Set(names)]);
}

/** Why this is not the name of a scope; undefined if it is. */
export function scopeNameFault(name: unknown): string | undefined {
  if (typeof name !== 'string') return 'must be text';
  if (name === '') return 'must not be empty';
  if (name.length > MAX_SCOPE_LENGTH) return `must have at most ${MAX_SCOPE_LENGTH} characters`;
  return SCOPE_NAME.test(name)
    ? undefined
    : 'must be printable ASCII without spaces, quotes and backslashes (RFC 6749 section 3.3)';
}

/** Names of scopes, each with a description. */
export function scopeDescriptions() {
  return z.record(z.string(), z.string()).superRefine((scopes, context) => {
    for (const name of Object.keys(scopes)) {
      const fault = scopeNameFault(name);
      if (fault)
        context.addIssue({ code: 'custom', path: [name], message: `cannot be a scope: it ${fault}` });
    }
  });
}

import { MAX_SCOPE_LENGTH, scopeNameFault, scopeNames } from '../config/scope-name.js';
import { nearestScope } from '../config/known-scopes.js';
import { InvalidScopeError } from '../errors.js';

/** Names and descriptions of the configuration; undefined: any name is known. */
export type KnownScopes = Readonly<Record<string, string>> | undefined;

/**
 * A scope as tokens have it: its names, each once, with one space between.
 * @returns undefined for no names at all
 * @throws InvalidScopeError one cannot be a name, is not known, or all together are too long
 */
export function scopeOf(names: readonly string[] | undefined, known: KnownScopes): string | undefined {
  if (names === undefined) return undefined;
  if (!Array.isArray(names)) throw new InvalidScopeError('must be a list of names');
  for (const [index, name] of (names as readonly unknown[]).entries()) {
    const fault = scopeNameFault(name);
    if (fault !== undefined) throw new InvalidScopeError(`has a name that ${fault}`);
    if (known && !Object.hasOwn(known, name as string)) throw unknownName(name as string, index + 1, known);
  }
  const scope = [...new Set(names)].join(' ');
  if (scope.length > MAX_SCOPE_LENGTH)
    throw new InvalidScopeError(`has more than ${MAX_SCOPE_LENGTH} characters`);
  return scope === '' ? undefined : scope;
}

/**
 * What a refresh grants: what was asked for, or all that the session has, without what the application takes away.
 * @param own what the session may have at most; undefined: it was never given a scope
 * @param asked undefined: all
 * @param allowed what the application says now; undefined: nothing else
 * @returns empty text where nothing is left of what the session has
 * @throws InvalidScopeError more was asked for than the session has
 * @see RFC 6749 section 6
 */
export function narrowedScope(
  own: string | undefined,
  asked: readonly string[] | undefined,
  allowed: readonly string[] | undefined,
): string | undefined {
  const names = scopeNames(own);
  const wanted = asked === undefined ? names : scopeNames(scopeOf(asked, undefined));
  if (!wanted.every((name) => names.includes(name))) {
    throw new InvalidScopeError('names more than the session has');
  }
  const left = allowed === undefined ? wanted : scopeNames(scopeOf(allowed, undefined));
  return own === undefined ? undefined : wanted.filter((name) => left.includes(name)).join(' ');
}

/** Names no name but the configuration's: somebody may have put a token there. */
function unknownName(name: string, place: number, known: NonNullable<KnownScopes>): InvalidScopeError {
  const nearest = nearestScope(known, name);
  const hint = nearest === undefined ? '' : `; the nearest is ${JSON.stringify(nearest)}`;
  return new InvalidScopeError(
    `has a name, number ${place}, that is not among the scopes of the configuration${hint}`,
  );
}

/**
 * The names of a `scope` parameter.
 * @throws InvalidScopeError it is not names with one space between
 */
export function parseScope(scope: string): readonly string[] {
  const names = scope.split(' ');
  if (scope.length > MAX_SCOPE_LENGTH)
    throw new InvalidScopeError(`has more than ${MAX_SCOPE_LENGTH} characters`);
  if (names.some((name) => scopeNameFault(name) !== undefined)) {
    throw new InvalidScopeError('must be names with one space between (RFC 6749 section 3.3)');
  }
  return names;
}

import { InvalidScopeError } from '../errors.js';
import { parseScope } from '../tokens/scopes.js';
import { OAuthRequestError } from './oauth-request.error.js';

/**
 * The names that a `scope` parameter asks for.
 * @returns undefined where it was not sent, or without a value, which is the same (RFC 6749 section 3.2)
 * @throws OAuthRequestError it is not names with one space between
 * @see RFC 6749 section 3.3
 */
export function requestedScopes(scope: string | undefined): readonly string[] | undefined {
  if (scope === undefined || scope === '') return undefined;
  try {
    return [...new Set(parseScope(scope))];
  } catch (error) {
    throw error instanceof InvalidScopeError ? new OAuthRequestError('invalid_scope', error.message) : error;
  }
}

/**
 * What a client gets of what it may have: what it asks for, or all.
 * @param scope as it was sent; undefined: not at all
 * @throws OAuthRequestError it asks for more
 */
export function grantedScopes(scope: string | undefined, allowed: readonly string[]): readonly string[] {
  const names = requestedScopes(scope);
  if (names === undefined) return allowed;
  if (!names.every((name) => allowed.includes(name))) {
    throw new OAuthRequestError('invalid_scope', 'The client may not have a scope that it asks for');
  }
  return names;
}

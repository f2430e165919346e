import { ACCESS_TOKEN, MASTER_TOKEN, type Requirement } from '../access/requirement.js';
import { CLIENT_CREDENTIALS } from './openapi-client-credentials.js';
import type { Operation } from './openapi-operations.js';

type SecurityRequirement = Record<string, string[]>;

/** By which schemes access tokens are told of, beside the headers. */
export interface AccessTokenSchemes {
  /** Whether browsers carry them in a cookie. */
  readonly hasCookie: boolean;
  /** Whether clients get them by their own credentials. */
  readonly hasClients: boolean;
}

/** An operation with what it needs. */
export function withRequirement(
  operation: Operation,
  requirement: Requirement,
  schemes: AccessTokenSchemes,
): Operation {
  const security = securityOf(requirement, schemes);
  if (requirement.alternatives.every(({ scopes, maxAge }) => scopes.length === 0 && maxAge === Infinity)) {
    return { ...operation, security };
  }
  const told = `Needs: ${requirement.describe()}.`;
  const { description } = operation as { readonly description?: unknown };
  return {
    ...operation,
    description: typeof description === 'string' && description !== '' ? `${description}\n\n${told}` : told,
    security,
    // Scopes of other schemes than OAuth 2 have no place in OpenAPI 3.0.
    'x-required-scopes': scopesOf(requirement),
  };
}

/** Alternatives are entries of the list, what is needed together is one entry; an empty entry: nothing is needed. */
function securityOf(
  { alternatives, checksOptional, isOpen }: Requirement,
  { hasCookie, hasClients }: AccessTokenSchemes,
): SecurityRequirement[] {
  if (isOpen) return [];
  const all = checksOptional ? [...alternatives, { credentials: ACCESS_TOKEN, scopes: [] }] : alternatives;
  const entries = all.flatMap(({ credentials, scopes }): SecurityRequirement[] => {
    const master = credentials & MASTER_TOKEN ? { MasterTokenHeader: [] } : {};
    return credentials & ACCESS_TOKEN
      ? [
          { AccessTokenHeader: [], ...master },
          { BearerAccessToken: [], ...master },
          ...(hasClients ? [{ [CLIENT_CREDENTIALS]: [...scopes], ...master }] : []),
          // A browser never holds the master token.
          ...(hasCookie && !(credentials & MASTER_TOKEN) ? [{ AccessTokenCookie: [] }] : []),
        ]
      : [master];
  });
  return [...new Map(entries.map((entry) => [JSON.stringify(entry), entry])).values()];
}

/** Of one alternative its scopes; of several, a list of each one's. */
function scopesOf({ alternatives }: Requirement): readonly string[] | readonly (readonly string[])[] {
  const [first, ...others] = alternatives.map(({ scopes }) => scopes);
  return others.length === 0 ? (first ?? []) : [first ?? [], ...others];
}

import { editDistance } from './edit-distance.js';

/** Letters that somebody may have mistaken in a name. */
const MOST_MISTAKES = 3;

/** The configured scope that a name was probably meant to be. */
export function nearestScope(known: Readonly<Record<string, string>>, name: string): string | undefined {
  const [nearest] = Object.keys(known)
    .map((each) => ({ each, distance: editDistance(each, name) }))
    .filter(({ distance }) => distance <= MOST_MISTAKES)
    .sort((one, other) => one.distance - other.distance);
  return nearest?.each;
}

/** Ends a sentence about a place where the application names a scope that is not configured; undefined if it is. */
export function unknownScopeFault(
  known: Readonly<Record<string, string>> | undefined,
  name: string,
): string | undefined {
  if (known === undefined || Object.hasOwn(known, name)) return undefined;
  const nearest = nearestScope(known, name);
  const hint = nearest === undefined ? '' : `; did you mean ${JSON.stringify(nearest)}?`;
  return `is not among the "scopes" of the configuration${hint}`;
}

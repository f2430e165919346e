import { editDistance } from '../config/edit-distance.js';

/** A comparison takes microseconds, and only a hint comes of it: no application is to start later for it. */
const MAX_COMPARISONS = 2000;

/**
 * The candidate that is the fewest edits away from one of the spellings of a path, unless all are so far away
 * that naming one would mislead.
 */
export function nearestPath(spellings: readonly string[], candidates: readonly string[]): string | undefined {
  const compared = new Set(candidates.slice(0, Math.ceil(MAX_COMPARISONS / Math.max(spellings.length, 1))));
  let nearest: string | undefined;
  let least = Infinity;
  for (const spelling of spellings) {
    const bound = Math.ceil(spelling.length / 2);
    for (const candidate of compared) {
      // A rule is a prefix, so what a route has beyond it is no difference.
      const distance = editDistance(spelling, candidate.slice(0, spelling.length + 1));
      if (distance <= bound && distance < least) {
        nearest = candidate;
        least = distance;
      }
    }
  }
  return nearest;
}

import { editDistance } from '../config/edit-distance.js';

/**
 * The candidate that is the fewest edits away from one of the spellings of a path, unless all are so far away
 * that naming one would mislead.
 */
export function nearestPath(spellings: readonly string[], candidates: readonly string[]): string | undefined {
  let nearest: string | undefined;
  let least = Infinity;
  for (const spelling of spellings) {
    const bound = Math.ceil(spelling.length / 2);
    for (const candidate of candidates) {
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

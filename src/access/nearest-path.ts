import { editDistance } from '../config/edit-distance.js';

/** The path that is the fewest edits away, unless all are so far away that naming one would mislead. */
export function nearestPath(path: string, candidates: readonly string[]): string | undefined {
  let nearest: string | undefined;
  let least = Math.ceil(path.length / 2);
  for (const candidate of candidates) {
    // A rule is a prefix, so what a route has beyond it is no difference.
    const distance = editDistance(path, candidate.slice(0, path.length + 1));
    if (distance <= least && (nearest === undefined || distance < least)) {
      nearest = candidate;
      least = distance;
    }
  }
  return nearest;
}

import { openEntries } from './access-baseline.js';
import type { AccessMap } from './access-map.js';

/** Kinds of what may be wrong with the guarding of an application. */
export const ACCESS_FAULTS = ['unguarded', 'dead-rule', 'unenforced'] as const;
export type AccessFault = (typeof ACCESS_FAULTS)[number];

/**
 * What is wrong, each as a sentence.
 * @param accepted names of what is open on purpose, beside what a decorator or `public-paths` says
 */
export function faultsOf(
  map: AccessMap,
  fault: AccessFault,
  accepted: ReadonlySet<string> = new Set(),
): readonly string[] {
  switch (fault) {
    case 'unguarded':
      return openEntries(map)
        .filter(({ isMarkedPublic, name }) => !isMarkedPublic && !accepted.has(name))
        .map(
          ({ name }) =>
            `${name} is open, and nothing says that it is meant to be. Guard it, or mark it @Public().`,
        );
    case 'dead-rule':
      return map.deadRules;
    case 'unenforced':
      return map.unenforced;
  }
}

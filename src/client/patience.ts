// In a file without imports, where bundlers put the numbers in place of their names.

/** How often a request is sent again that could not be judged. */
export const REPEATS = 3;
/** How often a form is sent in all. */
export const ATTEMPTS = 4;
/** Two attempts fit into the time within which a server answers a refresh again (`refresh-grace`, 10 seconds). */
export const TIMEOUT = 4500;
/** How often a tab that was refused looks for the pair of one that was faster. */
export const LOOKS = 10;
export const BETWEEN_LOOKS = 150;
/** A connection that lasted so many milliseconds was none that fails at once. */
export const LASTING = 5000;
/** Timers do not count the time that a device sleeps. */
export const LONGEST_SLEEP = 10_000;
export const SHORTEST_SLEEP = 100;

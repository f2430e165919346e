/** How many times as often as usual. */
const FACTOR = Number(process.env['FASTAUTH_TEST_MODEL_RUNS'] || 1);

/**
 * How often a model-based test runs: `FASTAUTH_TEST_MODEL_RUNS` times as often as usual, from the seed
 * `FASTAUTH_TEST_MODEL_SEED` if it is set (a failure shows its seed).
 */
export function modelRuns(usual: number): { runs: number; seed?: number } {
  const seed = process.env['FASTAUTH_TEST_MODEL_SEED'];
  return { runs: Math.ceil(usual * FACTOR), ...(seed ? { seed: Number(seed) } : {}) };
}

/** What a spec of model-based tests takes at most, in milliseconds; as long as usual for a part of the usual runs. */
export function modelTimeout(usual: number): number {
  return usual * Math.max(1, FACTOR);
}

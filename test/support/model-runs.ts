/**
 * How often a model-based test runs: `FASTAUTH_TEST_MODEL_RUNS` times as often as usual, from the seed
 * `FASTAUTH_TEST_MODEL_SEED` if it is set (a failure shows its seed).
 */
export function modelRuns(usual: number): { runs: number; seed?: number } {
  const factor = Number(process.env['FASTAUTH_TEST_MODEL_RUNS'] || 1);
  const seed = process.env['FASTAUTH_TEST_MODEL_SEED'];
  return { runs: Math.ceil(usual * factor), ...(seed ? { seed: Number(seed) } : {}) };
}

/**
 * On Express, garbage is collected between the blocks and never in them. Half of what Express leaves survives minor
 * collections: there is one every 500 requests, and it costs more than all that guards differ by.
 */
const WITHOUT_COLLECTING = [
  '--min-semi-space-size=64',
  '--max-semi-space-size=64',
  '--initial-old-space-size=4096',
];
/** Two requests on each connection: the shorter the blocks, the more of what drifts do they share. */
const MOST_WITHOUT_COLLECTING = 64;
/** fast-jwt says so of each key of its cache that is not its own digest; the token itself cannot collide. */
const QUIET = '--disable-warning=FAST_JWT_CACHE_KEY_BUILDER_SECURITY_RISK';

/** How a case is measured: flags of the server's process, and the blocks of one start. */
export function planOf(framework, { block = 1000 }, quick) {
  const collect = framework === 'express';
  const size = collect ? Math.min(block, MOST_WITHOUT_COLLECTING) : block;
  return {
    execArgv: ['--expose-gc', QUIET, ...(collect ? WITHOUT_COLLECTING : [])],
    block: quick ? size / 2 : size,
    rounds: quick ? 2 : collect ? 20 : 10,
    seconds: quick ? 0 : collect ? 4 : 2.5,
    within: collect ? 0.25 : 0.1,
    // On each side: until what is called is compiled.
    warmUp: (quick ? 2 : 8) * block,
    collect,
  };
}

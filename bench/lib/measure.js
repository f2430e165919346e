import { Child } from './child.js';
import { trimmedMean } from './statistics.js';

/** Starts server and load generator for one case, afresh. */
export async function startCase(framework, { subject, options = {}, execArgv = ['--expose-gc'] }) {
  const server = new Child('../server.js', {
    args: [JSON.stringify({ framework, subject, options })],
    execArgv,
  });
  const load = new Child('../load.js');
  try {
    const { open, guarded, negatives } = await server.ask({ type: 'ready' });
    return { server, load, open, guarded, negatives, startedAt: performance.now(), requests: 0 };
  } catch (error) {
    await stopCase({ server, load });
    throw error;
  }
}

export async function stopCase({ server, load }) {
  await Promise.all([server.close(), load.close()]);
}

/** Sends so many requests to one side; an answer of another status than is expected is an error. */
export async function send(running, side, count) {
  await running.load.ask({ type: 'block', ...side, count });
  if (side.flood !== undefined) side.flood += count;
  running.requests += count;
}

/** What one request costs the server: microseconds of CPU and, where nothing is collected meanwhile, bytes of heap. */
async function costOfBlock(running, side, { block, collect }) {
  if (collect) await running.server.ask({ type: 'collect' });
  const before = await running.server.ask({ type: 'cost' });
  await send(running, side, block);
  const after = await running.server.ask({ type: 'cost' });
  return { cpu: (after.cpu - before.cpu) / block, heap: (after.heap - before.heap) / block };
}

/**
 * One fresh start: warms both sides up, then interleaves blocks A B B A. Each round of four gives one pair, so that
 * what drifts hits both alike; the figures are trimmed means over the differences within the rounds.
 * @param plan `block` requests; at least `rounds`; then more of them, for `seconds` at most, until the standard error
 *   of the difference is less than `within` microseconds or 1 %. `collect`: garbage is collected between blocks
 * @returns per request in µs: the open route, and what the subject adds to it
 */
export async function measureStart(running, plan) {
  const { open, guarded } = running;
  for (const side of [open, guarded, open, guarded]) await send(running, side, plan.warmUp / 2);
  const rounds = [];
  const heap = [];
  const until = performance.now() + plan.seconds * 1000;
  while (rounds.length < plan.rounds || (performance.now() < until && !isPrecise(rounds, plan.within))) {
    const [first, second, third, fourth] = [
      await costOfBlock(running, open, plan),
      await costOfBlock(running, guarded, plan),
      await costOfBlock(running, guarded, plan),
      await costOfBlock(running, open, plan),
    ];
    rounds.push([(first.cpu + fourth.cpu) / 2, (second.cpu + third.cpu) / 2]);
    heap.push((second.heap + third.heap - first.heap - fourth.heap) / 2);
  }
  const base = trimmedMean(rounds.map(([openRoute]) => openRoute)).mean;
  const { mean: added, error } = differences(rounds);
  return {
    open: base,
    added,
    error,
    ratio: base / (base + added),
    rounds,
    ...(plan.collect ? { allocated: trimmedMean(heap).mean } : {}),
  };
}

function isPrecise(rounds, within) {
  const { mean, error } = differences(rounds);
  return error <= Math.max(within, Math.abs(mean) * 0.01);
}

function differences(rounds) {
  return trimmedMean(rounds.map(([open, guarded]) => guarded - open));
}

/** Every request that must be refused is, with 401; what expires is let in first, so that the table can fail. */
export async function checkNegatives({ load, guarded, negatives, startedAt }) {
  const failed = [];
  for (const { name, request, after = 0 } of [...negatives].sort((a, b) => (a.after ?? 0) - (b.after ?? 0))) {
    const wait = after * 1000 - (performance.now() - startedAt);
    if (after > 0 && wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    if (!(await isAnswered({ load, guarded }, request, 401))) failed.push(name);
  }
  return failed;
}

export function isAdmitted(running, request) {
  return isAnswered(running, request, 200);
}

function isAnswered({ load, guarded }, request, expect) {
  return load
    .ask({ type: 'block', port: guarded.port, requests: [request], count: 1, connections: 1, expect })
    .then(
      () => true,
      () => false,
    );
}

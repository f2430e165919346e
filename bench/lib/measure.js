import { Child } from './child.js';
import { median } from './statistics.js';

/** Starts server and load generator for one case, afresh. */
export async function startCase(framework, { subject, options = {}, execArgv = ['--expose-gc'] }) {
  const server = new Child('../server.js', {
    args: [JSON.stringify({ framework, subject, options })],
    execArgv,
  });
  const load = new Child('../load.js');
  try {
    const { open, guarded, negatives } = await server.ask({ type: 'ready' });
    return { server, load, open, guarded, negatives, startedAt: performance.now() };
  } catch (error) {
    await stopCase({ server, load });
    throw error;
  }
}

export async function stopCase({ server, load }) {
  await Promise.all([server.close(), load.close()]);
}

/** Microseconds of the server's CPU per request in one block. */
async function cpuOfBlock({ server, load }, side, count) {
  const before = await server.ask({ type: 'cpu' });
  await load.ask({ type: 'block', ...side, count });
  if (side.flood !== undefined) side.flood += count;
  return ((await server.ask({ type: 'cpu' })) - before) / count;
}

/**
 * One fresh start: warms both sides up, then interleaves blocks A B B A, so that what drifts hits both alike.
 * @returns per request in µs: the open route, and what the subject adds to it
 */
export async function measureStart(running, { block, rounds, warmUp }) {
  const { open, guarded } = running;
  for (const side of [open, guarded, open, guarded]) await cpuOfBlock(running, side, warmUp / 2);
  const times = { open: [], guarded: [] };
  for (let round = 0; round < rounds; round++) {
    for (const name of ['open', 'guarded', 'guarded', 'open']) {
      times[name].push(await cpuOfBlock(running, running[name], block));
    }
  }
  const a = median(times.open);
  const b = median(times.guarded);
  return { open: a, guarded: b, added: b - a, ratio: a / b };
}

/** Every request that must be refused is, with 401; what expires is let in first, so that the table can fail. */
export async function checkNegatives({ load, guarded, negatives, startedAt }) {
  const failed = [];
  const answers = async (request, expect) =>
    load
      .ask({ type: 'block', port: guarded.port, requests: [request], count: 1, connections: 1, expect })
      .then(
        () => true,
        () => false,
      );
  for (const { name, request, after = 0 } of [...negatives].sort((a, b) => (a.after ?? 0) - (b.after ?? 0))) {
    const wait = after * 1000 - (performance.now() - startedAt);
    if (after > 0 && wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    if (!(await answers(request, 401))) failed.push(name);
  }
  return failed;
}

export async function isAdmitted({ load, guarded }, request) {
  return load
    .ask({ type: 'block', port: guarded.port, requests: [request], count: 1, connections: 1, expect: 200 })
    .then(
      () => true,
      () => false,
    );
}

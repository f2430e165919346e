import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { median } from './statistics.js';

const run = promisify(execFile);
const here = (name) => fileURLToPath(new URL(name, import.meta.url));

/** What a flood leaves behind: heap, and whether known tokens were forgotten. Needs a server with `--expose-gc`. */
export async function floodFacts({ server, load, guarded }, count) {
  const requests = await server.ask({ type: 'call', name: 'good' });
  const good = { type: 'block', port: guarded.port, requests, count: requests.length };
  await load.ask(good);
  const heapBefore = await server.ask({ type: 'heap' });
  const before = await server.ask({ type: 'call', name: 'cacheLookups' });
  await load.ask({ type: 'block', ...guarded, count });
  guarded.flood += count;
  const flooded = await server.ask({ type: 'call', name: 'cacheLookups' });
  await load.ask(good);
  const after = await server.ask({ type: 'call', name: 'cacheLookups' });
  const heapAfter = await server.ask({ type: 'heap' });
  return {
    count,
    grownBytes: heapAfter - heapBefore,
    seen: flooded.misses - before.misses,
    known: requests.length,
    forgotten: after.misses - flooded.misses,
  };
}

/** Bytes a token that is remembered takes in memory, and a session on disk. */
export async function memoryFacts(count, step) {
  step('memory per remembered token, disk per session');
  const { stdout } = await run(process.execPath, ['--expose-gc', here('../memory.js'), String(count)]);
  return JSON.parse(stdout);
}

/** What the module adds until the application listens: fresh processes, bare and with it, in turn. */
export async function startUpFacts(rounds, step) {
  const figures = { bare: [], module: [] };
  for (let round = 0; round < rounds; round++) {
    step('start-up');
    for (const kind of round % 2 ? ['module', 'bare'] : ['bare', 'module']) {
      const { stdout } = await run(process.execPath, [here('../start-up.js'), kind]);
      figures[kind].push(JSON.parse(stdout));
    }
  }
  const of = (kind, key) => median(figures[kind].map((figure) => figure[key]));
  return {
    rounds,
    cpu: { bare: of('bare', 'cpu'), added: of('module', 'cpu') - of('bare', 'cpu') },
    wall: { bare: of('bare', 'wall'), added: of('module', 'wall') - of('bare', 'wall') },
  };
}

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { profileFacts } from './profile.js';
import { stalenessFacts } from './staleness.js';
import { median } from './statistics.js';

const run = promisify(execFile);
const here = (name) => fileURLToPath(new URL(name, import.meta.url));

/** All that is not a row. */
export async function measureFacts({ services, quick, staleness }, step) {
  return {
    memory: await memoryFacts(quick ? 5000 : 20_000, step),
    startUp: await startUpFacts(quick ? 3 : 7, step),
    firstSight: await firstSightFacts(quick ? 10 : 40, step),
    profile: await profileFacts(quick ? 10_000 : 60_000, step),
    ...(staleness ? { staleness: await stalenessFacts(services, step) } : {}),
  };
}

/** The first check of a token beside the bare verification of the same bytes, by algorithm. */
async function firstSightFacts(rounds, step) {
  const facts = [];
  for (const algorithm of ['HS256', 'ES256', 'EdDSA']) {
    step(`first sight, ${algorithm}`);
    const { stdout } = await run(process.execPath, [here('../first-sight.js'), algorithm, String(rounds)]);
    facts.push(JSON.parse(stdout));
  }
  return facts;
}

/** Bytes a token that is remembered takes in memory, and a session on disk. */
async function memoryFacts(count, step) {
  step('memory per remembered token, disk per session');
  const { stdout } = await run(process.execPath, ['--expose-gc', here('../memory.js'), String(count)]);
  return JSON.parse(stdout);
}

/** What the module adds until the application listens: fresh processes, bare and with it, in turn. */
async function startUpFacts(rounds, step) {
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

// npm run bench:gate [-- --record]: counts the instructions of the guard's hot path and compares them with baseline.json.
import { execFile } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const SCENARIOS = [
  'guarded',
  'scoped',
  'connection',
  'open',
  'headers',
  'first',
  'forged',
  'issue',
  'refresh',
];
const TOLERANCE = 0.03;
/** Two lengths of the loop: what both have in common, switching the counter on and off, is not counted. */
const [FEW, MANY] = [1000, 5000];

const baselineFile = new URL('baseline.json', import.meta.url);
const baseline = existsSync(baselineFile) ? JSON.parse(readFileSync(baselineFile, 'utf8')) : {};
const version = `node ${process.versions.node.split('.')[0]} ${process.arch}`;
const record = process.argv.includes('--record');

if (!record && !baseline[version]) {
  console.log(`There is no baseline for ${version}; record one: npm run bench:gate -- --record`);
  process.exit(0);
}
const failures = [];
for (const scenario of SCENARIOS) {
  const perRequest = Math.round(
    ((await instructions(scenario, MANY)) - (await instructions(scenario, FEW))) / (MANY - FEW),
  );
  const before = baseline[version]?.[scenario];
  const change = before === undefined ? undefined : perRequest / before - 1;
  console.log(
    `${scenario}: ${perRequest} instructions a request${change === undefined ? `, no baseline for ${version}` : `, ${(change * 100).toFixed(1)} % against ${before}`}`,
  );
  if (change !== undefined && change > TOLERANCE) failures.push(scenario);
  if (record) (baseline[version] ??= {})[scenario] = perRequest;
}
if (record) writeFileSync(baselineFile, `${JSON.stringify(baseline, undefined, 2)}\n`);
else if (failures.length > 0) {
  console.error(
    `More than ${TOLERANCE * 100} % slower: ${failures.join(', ')}. If that is meant, record it: npm run bench:gate -- --record`,
  );
  process.exitCode = 1;
}

/** Valgrind counts while the loop runs; before, it only emulates, which is quick enough for a whole application to start. */
async function instructions(scenario, count) {
  const { stderr } = await promisify(execFile)('valgrind', [
    '--tool=callgrind',
    '--instr-atstart=no',
    '--callgrind-out-file=/dev/null',
    process.execPath,
    // One thread and fixed seeds: the same program takes the same steps.
    '--single-threaded',
    '--hash-seed=1',
    '--random-seed=1',
    '--expose-gc',
    fileURLToPath(new URL('gate-loop.js', import.meta.url)),
    scenario,
    String(count),
  ]);
  const collected = Number(/Collected : (\d+)/.exec(stderr)?.[1]);
  if (!(collected > 0)) throw new Error(`callgrind counted nothing:\n${stderr.slice(-2000)}`);
  return collected;
}

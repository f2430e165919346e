// npm run bench [-- --quick] [-- --only=memory,lmdb] [-- --framework=fastify] [-- --starts=5] [-- --rounds=4] [-- --minutes=9]
import { writeFileSync } from 'node:fs';
import { CASES } from './cases.js';
import { chart } from './lib/chart.js';
import { floodFacts, memoryFacts, startUpFacts } from './lib/facts.js';
import { checkNegatives, isAdmitted, measureStart, startCase, stopCase } from './lib/measure.js';
import { progress } from './lib/progress.js';
import { report } from './lib/report.js';
import { openServices } from './lib/services.js';
import { stalenessFacts } from './lib/staleness.js';

const flag = (name) => {
  const found = process.argv.find(
    (argument) => argument === `--${name}` || argument.startsWith(`--${name}=`),
  );
  return found?.includes('=') ? found.slice(found.indexOf('=') + 1) : found !== undefined;
};
const quick = flag('quick');
const only = flag('only') && flag('only').split(',');
const starts = Number(flag('starts') || (quick ? 2 : 5));
/** Of A B B A blocks in each start. */
const rounds = Number(flag('rounds') || (quick ? 2 : 4));
const frameworks = flag('framework') ? [flag('framework')] : ['fastify', 'express'];

const { urls: services, close: closeServices } = await openServices();
const chosen = CASES.filter(({ id }) => !only || only.includes(id));
const rows = frameworks.flatMap((framework) =>
  chosen.map((one) => ({
    framework,
    case: one,
    results: [],
    refused: [],
    skipped: one.needs && !services[one.needs],
  })),
);
const step = progress(starts * rows.length);

const deadline = performance.now() + Number(flag('minutes') || 9) * 60_000;

try {
  const facts = only ? {} : await measureFacts();
  // Round by round over all cases, so that no case has a quiet or a busy hour of the machine for itself.
  for (let start = 0; start < starts && performance.now() < deadline; start++) {
    for (const row of rows) {
      if (row.skipped || row.failed || performance.now() > deadline) continue;
      step(`${row.framework}, ${row.case.title}`);
      try {
        await measureRow(row, start);
      } catch (error) {
        row.failed = error.message;
        row.results = [];
        process.exitCode = 1;
        console.error(`${row.framework}, ${row.case.title}: ${error.message}`);
      }
    }
  }
  const text = report({ rows, facts });
  step('done');
  console.log(text);
  if (!quick && !only) {
    writeFileSync(new URL('REPORT.md', import.meta.url), text);
    writeFileSync(new URL('report.svg', import.meta.url), chart(rows));
  }
} finally {
  await closeServices();
}

async function measureFacts() {
  return {
    memory: await memoryFacts(quick ? 5000 : 20_000, step),
    startUp: await startUpFacts(quick ? 3 : 5, step),
    staleness: await stalenessFacts(services, step),
  };
}

async function measureRow(row, start) {
  const one = withService(row.case);
  const running = await startCase(row.framework, one);
  try {
    const expiring = running.negatives.find(({ after }) => after);
    // What expires is let in first, so that the table below can fail.
    if (start === 0 && expiring && !(await isAdmitted(running, expiring.request)))
      throw new Error(`${row.case.title}: the token that is to expire is refused from the start`);
    const block = Math.ceil((one.block ?? 2500) / (quick ? 2 : 1));
    row.results.push(await measureStart(running, { block, rounds, warmUp: 4 * block }));
    if (start > 0) return;
    if (one.id === 'flood') row.flood = await floodFacts(running, quick ? 20_000 : 100_000);
    row.refused = running.negatives.map(({ name }) => name);
    const letIn = await checkNegatives(running);
    if (letIn.length > 0)
      throw new Error(`${row.case.title} (${row.framework}) lets in: ${letIn.join(', ')}`);
  } finally {
    await stopCase(running);
  }
}

function withService(one) {
  return one.needs ? { ...one, options: { ...one.options, store: services[one.needs] } } : one;
}

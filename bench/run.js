// npm run bench [-- --set=short] [-- --quick] [-- --only=memory,lmdb] [-- --framework=fastify] [-- --starts=5] [-- --minutes=14]
import { CASES } from './cases.js';
import { measureFacts } from './lib/facts.js';
import { flag } from './lib/flags.js';
import { floodFacts } from './lib/flood.js';
import { checkNegatives, isAdmitted, measureStart, startCase, stopCase } from './lib/measure.js';
import { openPersistence } from './lib/persistence.js';
import { planOf } from './lib/plan.js';
import { progress } from './lib/progress.js';
import { report } from './lib/report.js';
import { readResults, writeReport, writeResult } from './lib/results.js';
import { openServices } from './lib/services.js';
import { settingsOf } from './lib/settings.js';
import { SETS } from './sets.js';

const quick = flag('quick');
const only = flag('only') ? flag('only').split(',') : undefined;
const set = flag('set') || 'full';
if (!SETS[set]) throw new Error(`There is no set "${set}": ${Object.keys(SETS).join(' or ')}`);
const starts = Number(flag('starts') || (quick ? 2 : 5));
const frameworks = flag('framework') ? [flag('framework')] : ['fastify', 'express'];

const { urls, close: closeServices } = await openServices();
const persistence = await openPersistence();
const services = { ...urls, rest: persistence.url };
const rows = frameworks.flatMap((framework) => {
  const ids = only ?? SETS[set].cases[framework];
  return CASES.filter(({ id }) => ids.includes(id)).map((one) => ({
    framework,
    case: one,
    starts: [],
    refused: [],
    requests: 0,
    skipped: one.needs && !services[one.needs],
  }));
});
const step = progress(starts * rows.length);

try {
  const settings = await settingsOf({ set, starts, services });
  const { staleness } = SETS[set];
  const facts = only ? {} : await measureFacts({ services, quick, staleness }, (what) => step(what, 0));
  const deadline = performance.now() + Number(flag('minutes') || SETS[set].minutes) * 60_000;
  // Round by round over all cases, so that no case has a quiet or a busy hour of the machine for itself.
  for (let start = 0; start < starts; start++) {
    for (const row of rows) {
      if (row.skipped || row.failed || performance.now() > deadline) continue;
      step(`${row.framework}, ${row.case.title}`);
      try {
        await measureRow(row, start);
      } catch (error) {
        row.failed = error.message;
        row.starts = [];
        process.exitCode = 1;
        console.error(`${row.framework}, ${row.case.title}: ${error.message}`);
      }
    }
  }
  const result = { ...settings, endedAt: new Date().toISOString(), rows: rows.map(plain), facts };
  step('done');
  if (quick || only || flag('framework')) {
    console.log(report([result]));
  } else {
    writeResult(result);
    writeReport(readResults());
  }
} finally {
  await Promise.all([closeServices(), persistence.close()]);
}

async function measureRow(row, start) {
  const { execArgv, ...plan } = planOf(row.framework, row.case, quick);
  const running = await startCase(row.framework, { ...withService(row.case), execArgv });
  try {
    const expiring = running.negatives.find(({ after }) => after);
    // What expires is let in first, so that the table below can fail.
    if (start === 0 && expiring && !(await isAdmitted(running, expiring.request)))
      throw new Error(`${row.case.title}: the token that is to expire is refused from the start`);
    row.starts.push(await measureStart(running, plan));
    if (start > 0) return;
    if (row.case.id === 'flood')
      row.flood = await floodFacts(running, quick || row.framework === 'express' ? 20_000 : 100_000);
    row.refused = running.negatives.map(({ name }) => name);
    const letIn = await checkNegatives(running);
    if (letIn.length > 0)
      throw new Error(`${row.case.title} (${row.framework}) lets in: ${letIn.join(', ')}`);
  } finally {
    row.requests += running.requests;
    await stopCase(running);
  }
}

function withService(one) {
  return one.needs ? { ...one, options: { ...one.options, store: services[one.needs] } } : one;
}

/** As it is written to the file of raw figures. */
function plain({ case: { id }, ...row }) {
  return { id, ...row };
}

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { chart } from './chart.js';
import { withFigures } from './performance-page.js';
import { report } from './report.js';

const folder = new URL('../results/', import.meta.url);

/** The raw figures of one run, in `results/node-20.json`; a run with the same major version of Node replaces them. */
export function writeResult(result) {
  mkdirSync(folder, { recursive: true });
  const text = JSON.stringify(result, (_key, value) => rounded(value), 2)
    // A pair stays on one line.
    .replaceAll(/\[\s+(-?[\d.]+),\s+(-?[\d.]+)\s+\]/g, '[$1, $2]');
  writeFileSync(new URL(`node-${majorOf(result)}.json`, folder), `${text}\n`);
}

/** Of all versions of Node that were measured, the oldest first. */
export function readResults() {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .map((name) => JSON.parse(readFileSync(new URL(name, folder), 'utf8')))
    .sort((one, other) => majorOf(one) - majorOf(other));
}

/** The report of all runs; the chart and the table of `docs/performance.md` are of the first. */
export function writeReport(results) {
  const page = new URL('../../docs/performance.md', import.meta.url);
  writeFileSync(new URL('../REPORT.md', import.meta.url), report(results));
  writeFileSync(new URL('../report.svg', import.meta.url), chart(results[0]));
  writeFileSync(page, withFigures(readFileSync(page, 'utf8'), results[0]));
}

export function majorOf({ node }) {
  return Number(node.split('.')[0]);
}

function rounded(value) {
  return typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(6)) : value;
}

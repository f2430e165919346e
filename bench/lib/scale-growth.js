import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Child } from './child.js';
import { median } from './statistics.js';

const BLOCK = 4000;
const BLOCKS = 9;
/** Whatever the size, so that the largest does not take hours. */
const MOST_SWEPT = 100_000;
/** Sizes below are walked several times. */
const WALKED_ONCE_FROM = 1_000_000;
/** What is called linear: cost per session at the largest size by that at this one. */
const REFERENCE = 100_000;

/**
 * What a store of so many sessions takes, and what it costs to answer from it, to list, to sweep and to copy it.
 * @param copied how many sessions are copied at most
 * @param start starts an application on the store
 * @returns lines of the report
 */
export async function growthOf({ name, databaseUrl, appName, sizes, copied, start, step }) {
  const rows = [];
  let filled = 0;
  for (const size of sizes) {
    step(`${name}, ${size} sessions: filling`);
    const store = new Child('../scale-store.js', { args: [JSON.stringify({ databaseUrl, appName })] });
    try {
      await store.ask({ type: 'ready' });
      await store.ask({ type: 'fill', from: filled, to: size });
      filled = size;
      step(`${name}, ${size} sessions: guarded requests`);
      const requests = await guardedRequests(start);
      step(`${name}, ${size} sessions: listing, sweeping, copying`);
      const walks = size < WALKED_ONCE_FROM ? 3 : 1;
      const list = await best(walks, () => store.ask({ type: 'list' }));
      const sweep = await best(walks, () =>
        store.ask({ type: 'sweep', count: Math.min(size / 10, MOST_SWEPT) }),
      );
      const copy = await best(1, () => store.ask({ type: 'copy', most: copied }));
      rows.push({ size, stored: await storedBytes(databaseUrl, size), ...requests, list, sweep, copy });
    } finally {
      await store.close();
    }
  }
  return [
    `## Growth: ${name}`,
    '',
    '| sessions | bytes stored, per session | resident memory, own + mapped file, MiB | guarded request, µs of CPU | listing, µs per session | sweeping, µs per session | copying, µs per session |',
    '| --- | --- | --- | --- | --- | --- | --- |',
    ...rows.map(line),
    ...growthLine(rows),
    '',
    `Times are by the clock; CPU is that of the process which lists, sweeps or copies. Swept are a tenth of as many sessions, at most ${MOST_SWEPT}, which had expired; copied into an embedded store are at most ${copied}. Listing and sweeping are the quickest of three walks, from ${WALKED_ONCE_FROM} sessions on of one. Requests have no control beside them here; the first table has.`,
  ];
}

async function guardedRequests(start) {
  const server = start();
  const load = new Child('../load.js');
  try {
    const { port } = await server.ask({ type: 'ready' });
    const requests = await server.ask({ type: 'fill', size: 0 });
    const times = [];
    for (let block = 0; block < BLOCKS; block++) {
      const before = await server.ask({ type: 'cpu' });
      await load.ask({ type: 'block', port, requests, count: BLOCK });
      // The first blocks warm up.
      if (block > 1) times.push(((await server.ask({ type: 'cpu' })) - before) / BLOCK);
    }
    return { request: median(times), resident: await server.ask({ type: 'resident' }) };
  } finally {
    await Promise.all([server.close(), load.close()]);
  }
}

/** The quickest of several walks, by the clock and by CPU. */
async function best(walks, walk) {
  const all = [];
  for (let number = 0; number < walks; number++) all.push(await walk());
  const of = (key) => Math.min(...all.map((one) => one[key]));
  return { wall: of('wall'), cpu: of('cpu'), count: all[0].count };
}

async function storedBytes(databaseUrl, size) {
  if (databaseUrl.startsWith('lmdb:')) {
    return (statSync(join(databaseUrl.slice('lmdb:'.length), 'data.mdb')).blocks * 512) / size;
  }
  if (!databaseUrl.startsWith('postgres')) return undefined;
  const { default: pg } = await import('pg');
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  const { rows } = await client.query("SELECT pg_total_relation_size('fastauth_sessions') AS bytes");
  await client.end();
  return Number(rows[0].bytes) / size;
}

/** Of this process, in MiB: its own, and of files that it has mapped. Undefined where that cannot be told apart. */
export function residentMemory() {
  try {
    const status = readFileSync('/proc/self/status', 'utf8');
    const of = (name) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)[1]) / 1024;
    return { own: of('RssAnon'), files: of('RssFile') };
  } catch {
    return { own: process.memoryUsage().rss / 2 ** 20, files: undefined };
  }
}

function line({ size, stored, resident, request, list, sweep, copy }) {
  const cells = [
    size,
    stored === undefined ? '–' : stored.toFixed(0),
    `${resident.own.toFixed(0)} + ${resident.files?.toFixed(0) ?? '?'}`,
    request.toFixed(1),
    ...[list, sweep, copy].map(pair),
  ];
  return `| ${cells.join(' | ')} |`;
}

/** Nothing is swept where the store itself lets sessions expire. */
function pair({ wall, cpu, count }) {
  return count > 0 ? `${wall.toFixed(1)} (CPU ${cpu.toFixed(1)})` : '–';
}

function growthLine(rows) {
  const [reference, largest] = [rows.find(({ size }) => size === REFERENCE), rows.at(-1)];
  if (!reference || !largest || largest === reference) return [];
  const by = (key) => (largest[key].count > 0 ? (largest[key].cpu / reference[key].cpu).toFixed(2) : '–');
  return [`| largest by ${REFERENCE}, CPU | | | | ${by('list')} | ${by('sweep')} | ${by('copy')} |`];
}

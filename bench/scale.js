// npm run bench:scale [-- --sessions=10000,100000,1000000] [-- --parts=requests,growth,refreshes,sockets,soak] [-- --dry]: how cost holds as sessions, processes, sockets and time grow.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { Child } from './lib/child.js';
import { progress } from './lib/progress.js';
import { writeSections } from './lib/scale-report.js';
import { growthOf } from './lib/scale-growth.js';
import { socketsOf } from './lib/scale-sockets.js';
import { openServices } from './lib/services.js';
import { soakChart } from './lib/soak-chart.js';
import { median } from './lib/statistics.js';

const flag = (name, otherwise) =>
  process.argv.find((argument) => argument.startsWith(`--${name}=`))?.split('=')[1] ?? otherwise;
const sizes = flag('sessions', '10000,100000,1000000').split(',').map(Number);
const soakSeconds = Number(flag('soak', '180'));
const idleSeconds = Number(flag('idle', '60'));
const copied = Number(flag('copied', '1000000'));
const socketCount = Number(flag('sockets', '50000'));
const parts = flag('parts', 'requests,growth,refreshes,sockets,soak').split(',');
const chosen = flag('stores', 'memory,lmdb,redis,postgres').split(',');
const isDry = process.argv.includes('--dry');
/** Only the embedded store is filled with more. */
const MOST_ELSEWHERE = 1_000_000;
const sizesElsewhere = sizes.filter((size) => size <= MOST_ELSEWHERE);
const BLOCK = 4000;

const { urls, close } = await openServices();
const folder = mkdtempSync(join(tmpdir(), 'fastauth-scale-'));
const stores = [
  ['memory', 'memory:'],
  ['lmdb', `lmdb:${join(folder, 'scale')}`],
  ['redis', urls.redis],
  ['postgres', urls.postgres],
].filter(([name, url]) => url && chosen.includes(name));
const shared = stores.filter(([name]) => name !== 'memory');
const step = progress(stores.length * sizes.length * 3 + 3 * stores.length + 16);
const sections = [];

try {
  if (parts.includes('requests')) sections.push(await requests());
  if (parts.includes('growth')) for (const store of shared) sections.push(await growth(store));
  if (parts.includes('refreshes')) sections.push(await refreshes());
  if (parts.includes('sockets'))
    sections.push([...(await socketsOf({ wanted: socketCount, idleSeconds, step })), '', machine()]);
  if (parts.includes('soak') && soakSeconds > 0) sections.push(await soak());
  step('done');
} finally {
  await close();
  rmSync(folder, { recursive: true, force: true });
}
for (const lines of sections) console.log(`${lines.join('\n')}\n`);
if (!isDry) writeSections(new URL('SCALE.md', import.meta.url), sections);

function start(databaseUrl, appName) {
  return new Child('../scale-server.js', {
    args: [JSON.stringify({ databaseUrl, appName: `bench-${process.pid}-${appName}` })],
    execArgv: ['--expose-gc'],
  });
}

async function requests() {
  const rows = [];
  for (const [name, databaseUrl] of stores) rows.push(await requestsOf(name, databaseUrl));
  return [
    '## CPU of a guarded request by stored sessions',
    '',
    `| store | ${sizesElsewhere.map((size) => `${size} sessions, µs`).join(' | ')} | growth |`,
    `| --- | ${sizesElsewhere.map(() => '---').join(' | ')} | --- |`,
    ...rows,
  ];
}

async function requestsOf(name, databaseUrl) {
  const server = start(databaseUrl, 'requests');
  const load = new Child('../load.js');
  try {
    const { port } = await server.ask({ type: 'ready' });
    const figures = [];
    for (const size of sizesElsewhere) {
      step(`${name}, ${size} sessions`);
      const requests = await server.ask({ type: 'fill', size });
      const block = { type: 'block', port, requests };
      const times = [];
      for (let round = 0; round < 9; round++) {
        const before = await server.ask({ type: 'cpu' });
        await load.ask({ ...block, count: BLOCK });
        // The first rounds warm up.
        if (round > 1) times.push(((await server.ask({ type: 'cpu' })) - before) / BLOCK);
      }
      figures.push(median(times));
    }
    const grown = (figures.at(-1) / figures[0] - 1) * 100;
    return `| ${name} | ${figures.map((figure) => figure.toFixed(1)).join(' | ')} | ${grown.toFixed(0)} % |`;
  } finally {
    await Promise.all([server.close(), load.close()]);
  }
}

async function growth([name, url]) {
  // Apart from what other parts have put there.
  const databaseUrl = name === 'lmdb' ? `${url}-growth` : url;
  const lines = await growthOf({
    name,
    databaseUrl,
    appName: `bench-${process.pid}-growth`,
    sizes: name === 'lmdb' ? sizes : sizesElsewhere,
    copied,
    start: () => start(databaseUrl, 'growth'),
    step,
  });
  return [...lines, '', machine()];
}

/** By how much the machine was busy tells how far times on the clock can be trusted. */
function machine() {
  const [, , load] = loadavg();
  return `Node ${process.versions.node}, ${availableParallelism()} cores, load average over 15 minutes ${load.toFixed(1)}.`;
}

async function refreshes() {
  const rows = [];
  for (const [name, databaseUrl] of shared) rows.push(await throughput(name, databaseUrl));
  return [
    '## Refreshes per second by processes',
    '',
    '| store | 1 process | 2 processes | 4 processes |',
    '| --- | --- | --- | --- |',
    ...rows,
    '',
    machine(),
  ];
}

async function throughput(name, databaseUrl) {
  const figures = [];
  for (const processes of [1, 2, 4]) {
    step(`${name}, refreshes on ${processes} process(es)`);
    const servers = Array.from({ length: processes }, () => start(databaseUrl, 'refresh'));
    try {
      await Promise.all(servers.map((server) => server.ask({ type: 'ready' })));
      const counts = await Promise.all(
        servers.map((server) => server.ask({ type: 'refresh', seconds: 3, sessions: 32 })),
      );
      figures.push(counts.reduce((sum, count) => sum + count, 0) / 3);
    } finally {
      await Promise.all(servers.map((server) => server.close()));
    }
  }
  return `| ${name} | ${figures.map((figure) => figure.toFixed(0)).join(' | ')} |`;
}

/** Minutes of guarded requests, refreshes and forged tokens on the embedded store, a sample a second. */
async function soak() {
  const server = start(`lmdb:${join(folder, 'soak')}`, 'soak');
  const load = new Child('../load.js');
  const samples = [];
  try {
    const { port } = await server.ask({ type: 'ready' });
    const requests = await server.ask({ type: 'fill', size: 2000 });
    const forged = requests[0].replace(/\.[\w-]{30}([\w-]*)\r\n\r\n$/, `.${'A'.repeat(22)}$FLOOD$1\r\n\r\n`);
    let flood = 0;
    const startedAt = performance.now();
    while ((performance.now() - startedAt) / 1000 < soakSeconds) {
      const second = Math.round((performance.now() - startedAt) / 1000);
      step(`soak, ${second} of ${soakSeconds} s`);
      const good = await load.ask({ type: 'block', port, requests, count: 4000, latencies: true });
      await load.ask({ type: 'block', port, requests: [forged], count: 1000, expect: 401, flood });
      flood += 1000;
      await server.ask({ type: 'refresh', seconds: 0.2, sessions: 8 });
      samples.push({ second, p50: good.p50, p99: good.p99, ...(await server.ask({ type: 'memory' })) });
    }
  } finally {
    await Promise.all([server.close(), load.close()]);
  }
  if (!isDry) writeFileSync(new URL('soak.svg', import.meta.url), soakChart(samples));
  const third = Math.max(1, Math.floor(samples.length / 3));
  const of = (part, key) => median(part.map((sample) => sample[key]));
  const [first, last] = [samples.slice(0, third), samples.slice(-third)];
  return [
    `## Soak of ${soakSeconds} s`,
    '',
    'Guarded requests at 32 connections, forged tokens and refreshes in turn, embedded store. Medians of the first and of the last third:',
    '',
    '| | first third | last third |',
    '| --- | --- | --- |',
    `| heap after collection, MiB | ${of(first, 'heap').toFixed(1)} | ${of(last, 'heap').toFixed(1)} |`,
    `| resident memory, MiB | ${of(first, 'rss').toFixed(0)} | ${of(last, 'rss').toFixed(0)} |`,
    `| latency p50, ms | ${of(first, 'p50').toFixed(2)} | ${of(last, 'p50').toFixed(2)} |`,
    `| latency p99, ms | ${of(first, 'p99').toFixed(2)} | ${of(last, 'p99').toFixed(2)} |`,
    '',
    '![Memory and latency over time](soak.svg)',
  ];
}

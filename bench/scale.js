// npm run bench:scale [-- --sessions=10000,100000,1000000] [-- --soak=180] [-- --dry]: how cost holds as sessions, processes and time grow.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Child } from './lib/child.js';
import { progress } from './lib/progress.js';
import { openServices } from './lib/services.js';
import { soakChart } from './lib/soak-chart.js';
import { median } from './lib/statistics.js';

const flag = (name, otherwise) =>
  process.argv.find((argument) => argument.startsWith(`--${name}=`))?.split('=')[1] ?? otherwise;
const sizes = flag('sessions', '10000,100000,1000000').split(',').map(Number);
const soakSeconds = Number(flag('soak', '180'));
const chosen = flag('stores', 'memory,lmdb,redis,postgres').split(',');
const isDry = process.argv.includes('--dry');
const BLOCK = 4000;

const { urls, close } = await openServices();
const folder = mkdtempSync(join(tmpdir(), 'fastauth-scale-'));
const stores = [
  ['memory', 'memory:'],
  ['lmdb', `lmdb:${join(folder, 'scale')}`],
  ['redis', urls.redis],
  ['postgres', urls.postgres],
].filter(([name, url]) => url && chosen.includes(name));
const step = progress(stores.length * sizes.length + 3 * stores.length + 10);
const lines = ['# Scale report', '', 'Made by `npm run bench:scale`.', ''];

try {
  lines.push(
    '## CPU of a guarded request by stored sessions',
    '',
    `| store | ${sizes.map((size) => `${size} sessions, µs`).join(' | ')} | growth |`,
    `| --- | ${sizes.map(() => '---').join(' | ')} | --- |`,
  );
  for (const [name, databaseUrl] of stores) lines.push(await growth(name, databaseUrl));
  const shared = stores.filter(([name]) => name !== 'memory');
  lines.push(
    '',
    '## Refreshes per second by processes',
    '',
    '| store | 1 process | 2 processes | 4 processes |',
    '| --- | --- | --- | --- |',
  );
  for (const [name, databaseUrl] of shared) lines.push(await throughput(name, databaseUrl));
  if (soakSeconds > 0) lines.push('', ...(await soak()));
  step('done');
} finally {
  await close();
  rmSync(folder, { recursive: true, force: true });
}
const text = `${lines.join('\n')}\n`;
console.log(text);
if (!isDry) writeFileSync(new URL('SCALE.md', import.meta.url), text);

function start(databaseUrl, appName) {
  return new Child('../scale-server.js', {
    args: [JSON.stringify({ databaseUrl, appName: `bench-${process.pid}-${appName}` })],
    execArgv: ['--expose-gc'],
  });
}

async function growth(name, databaseUrl) {
  const server = start(databaseUrl, 'growth');
  const load = new Child('../load.js');
  try {
    const { port } = await server.ask({ type: 'ready' });
    const figures = [];
    for (const size of sizes) {
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

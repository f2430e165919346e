// npm run bench:grants [-- --starts=3] [-- --seconds=3] [-- --stores=lmdb]: durable client-credentials grants a second, the server on one core.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Child } from './lib/child.js';
import { get } from './lib/nest-app.js';
import { openServices } from './lib/services.js';

const flag = (name, otherwise) =>
  process.argv.find((argument) => argument.startsWith(`--${name}=`))?.split('=')[1] ?? otherwise;
const starts = Number(flag('starts', '3'));
const seconds = Number(flag('seconds', '3'));
const connections = Number(flag('connections', '128'));
const chosen = flag('stores', 'lmdb').split(',');
/** The rate that is promised; latencies are told at half of it. */
const PROMISED = 5000;
/** More than `sessions-per-credential-client`, so that each grant measured ends the client's oldest session. */
const WARM_UP = 4000;
const BLOCK = 2000;
const CLIENT = 'bench';

const { urls, close } = await openServices();
const folder = mkdtempSync(join(tmpdir(), 'fastauth-grants-'));
const stores = { ...urls, memory: 'memory:' };

try {
  console.log(
    '| store | start | grants a second, best of | CPU of a grant, µs | of the open route, µs | p50, ms | p99, ms | max, ms |',
  );
  console.log('| --- | --- | --- | --- | --- | --- | --- | --- |');
  for (const name of chosen) {
    for (let nth = 1; nth <= starts; nth++) {
      const { all, cpu, late } = await measure(stores[name] ?? `lmdb:${join(folder, String(nth))}`);
      const best = `${Math.max(...all)} (${all.join(', ')})`;
      const cells = [
        name,
        nth,
        best,
        ...cpu.map((time) => time.toFixed(0)),
        ...(late?.map((time) => time.toFixed(1)) ?? ['too slow', 'too slow', 'too slow']),
      ];
      console.log(`| ${cells.join(' | ')} |`);
    }
  }
} finally {
  await close();
  rmSync(folder, { recursive: true, force: true });
}

async function measure(databaseUrl) {
  const clientId = `${CLIENT}-${process.pid}-${performance.now().toFixed(0)}`;
  const server = new Child('../grants-server.js', {
    core: 0,
    args: [JSON.stringify({ databaseUrl, clientId })],
    execArgv: flag('profile') === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${flag('profile')}`],
  });
  const load = new Child('../load.js', { core: 1 });
  try {
    const { port, secret } = await server.ask({ type: 'ready' });
    const request = grant(clientId, secret);
    await load.ask({ type: 'block', port, requests: [request], count: WARM_UP, connections });
    const open = { type: 'block', port, requests: [get('/bench/whoami')], count: BLOCK, connections };
    await load.ask(open);
    const atOpen = await server.ask({ type: 'cpu' });
    await load.ask(open);
    const all = [];
    const before = await server.ask({ type: 'cpu' });
    const until = performance.now() + seconds * 1000;
    while (performance.now() < until) {
      const block = { type: 'block', port, requests: [request], count: BLOCK, connections };
      all.push(Math.round(BLOCK / (await load.ask(block)).seconds));
    }
    const after = await server.ask({ type: 'cpu' });
    const cpu = [perRequest(before, after, all.length * BLOCK), perRequest(atOpen, before, BLOCK)];
    if (Math.max(...all) < PROMISED / 2) return { all, cpu, late: undefined };
    const { p50, p99, max } = await load.ask({ type: 'pace', port, request, rate: PROMISED / 2, seconds });
    const kept = await server.ask({ type: 'sessions' });
    if (kept !== 1000) throw new Error(`the client has ${kept} sessions instead of 1000`);
    return { all, cpu, late: [p50, p99, max] };
  } finally {
    await Promise.all([server.close(), load.close()]);
  }
}

function perRequest(before, after, count) {
  return (after.user + after.system - before.user - before.system) / count;
}

function grant(clientId, secret) {
  const body = 'grant_type=client_credentials&scope=devices%3Aread';
  return [
    'POST /auth/token HTTP/1.1',
    'Host: 127.0.0.1',
    `Authorization: Basic ${Buffer.from(`${clientId}:${secret}`).toString('base64')}`,
    'Content-Type: application/x-www-form-urlencoded',
    `Content-Length: ${body.length}`,
    '',
    body,
  ].join('\r\n');
}

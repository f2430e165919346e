// npm run bench:grants [-- --starts=3] [-- --seconds=3] [-- --only=lmdb,oidc-provider]: client-credentials grants and introspections a second, the server on one core.
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
const chosen = flag('only', 'lmdb,memory,oidc-provider,better-auth').split(',');
/** The rate that is promised; latencies are told at half of it. */
const PROMISED = 5000;
/** More than `sessions-per-credential-client`, so that each grant measured ends the client's oldest session. */
const WARM_UP = 4000;
const BLOCK = 2000;
const PEERS = ['oidc-provider', 'better-auth'];
const COLUMNS = [
  'server',
  'start',
  'grants a second, best of',
  'CPU of a grant, µs',
  'of the open route, µs',
  'introspections a second, best of',
  'p50 of grants, ms',
  'p99, ms',
  'max, ms',
];

const { urls, close } = await openServices();
const folder = mkdtempSync(join(tmpdir(), 'fastauth-grants-'));
const stores = { ...urls, memory: 'memory:' };

try {
  printRow(COLUMNS);
  printRow(COLUMNS.map(() => '---'));
  // Round by round, so that all see the same minutes of the machine.
  for (let nth = 1; nth <= starts; nth++) {
    for (const name of chosen) {
      const { grants, cpu, introspections, late } = await measure(
        PEERS.includes(name)
          ? { subject: name }
          : { subject: 'fastauth', databaseUrl: stores[name] ?? `lmdb:${join(folder, String(nth))}` },
      );
      printRow([
        name,
        nth,
        bestOf(grants),
        ...cpu.map((time) => time?.toFixed(0) ?? '–'),
        bestOf(introspections),
        ...(late?.map((time) => time.toFixed(1)) ?? ['too slow', 'too slow', 'too slow']),
      ]);
    }
  }
} finally {
  await close();
  rmSync(folder, { recursive: true, force: true });
}

async function measure(subject) {
  const clientId = `bench-${process.pid}-${performance.now().toFixed(0)}`;
  const server = new Child('../grants-server.js', {
    core: 0,
    args: [JSON.stringify({ ...subject, clientId })],
    execArgv: flag('profile') === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${flag('profile')}`],
  });
  const load = new Child('../load.js', { core: 1 });
  try {
    const { port, paths, ...client } = await server.ask({ type: 'ready' });
    const send = (request, count = BLOCK) =>
      load.ask({ type: 'block', port, requests: [request], count, connections });
    const rates = async (request) => {
      const all = [];
      const until = performance.now() + seconds * 1000;
      while (performance.now() < until) all.push(Math.round(BLOCK / (await send(request)).seconds));
      return all;
    };
    const cpuOf = async (work) => {
      const before = await server.ask({ type: 'cpu' });
      const result = await work();
      const after = await server.ask({ type: 'cpu' });
      return { result, spent: after.user + after.system - before.user - before.system };
    };

    const grant = form(client, paths.grant, 'grant_type=client_credentials&scope=devices%3Aread');
    await send(grant, WARM_UP);
    let ofOpenRoute;
    if (paths.open) {
      await send(get(paths.open));
      ofOpenRoute = (await cpuOf(() => send(get(paths.open)))).spent / BLOCK;
    }
    const { result: grants, spent } = await cpuOf(() => rates(grant));
    const cpu = [spent / (grants.length * BLOCK), ofOpenRoute];
    const late = Math.max(...grants) < PROMISED / 2 ? undefined : await latencies(load, port, grant);
    if (subject.subject === 'fastauth') {
      const kept = await server.ask({ type: 'sessions' });
      if (kept !== 1000) throw new Error(`the client has ${kept} sessions instead of 1000`);
    } else if (subject.subject === 'better-auth') await server.ask({ type: 'forget' });
    const introspection = await introspectionOf(client, port, paths);
    await send(introspection);
    return { grants, cpu, introspections: await rates(introspection), late };
  } finally {
    await Promise.all([server.close(), load.close()]);
  }
}

async function latencies(load, port, request) {
  const { p50, p99, max } = await load.ask({ type: 'pace', port, request, rate: PROMISED / 2, seconds });
  return [p50, p99, max];
}

/** A request that asks about a fresh token. @throws Error the server does not call it active */
async function introspectionOf(client, port, paths) {
  const post = async (path, body) => {
    const headers = {
      Authorization: basic(client),
      'Content-Type': 'application/x-www-form-urlencoded',
    };
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, { method: 'POST', headers, body });
    return answer.json();
  };
  const { access_token: token } = await post(paths.grant, 'grant_type=client_credentials');
  const body = `token=${encodeURIComponent(token)}`;
  const { active } = await post(paths.introspection, body);
  if (active !== true) throw new Error('a fresh token is not called active');
  return form(client, paths.introspection, body);
}

function form(client, path, body) {
  return [
    `POST ${path} HTTP/1.1`,
    'Host: 127.0.0.1',
    `Authorization: ${basic(client)}`,
    'Content-Type: application/x-www-form-urlencoded',
    `Content-Length: ${body.length}`,
    '',
    body,
  ].join('\r\n');
}

function basic({ clientId, clientSecret }) {
  return `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`;
}

function bestOf(rates) {
  return `${Math.max(...rates)} (${rates.join(', ')})`;
}

function printRow(cells) {
  console.log(`| ${cells.join(' | ')} |`);
}

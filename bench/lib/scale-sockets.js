import { readFileSync } from 'node:fs';
import { Child } from './child.js';

/** File descriptors that a process needs besides its sockets. */
const OTHER_FILES = 400;
const PER_CLIENT = 10_000;
const WARM_UP = 200;
const LIBRARIES = ['ws', 'socket.io'];

/**
 * Idle sockets in one process, guarded and open.
 * @param wanted how many; fewer where a process may not have as many files open
 * @returns lines of the report
 */
export async function socketsOf({ wanted, idleSeconds, step }) {
  const allowed = allowedFiles() - OTHER_FILES;
  const count = Math.min(wanted, allowed);
  const rows = [];
  for (const library of LIBRARIES) {
    const open = await measure({ library, path: '/open', count, idleSeconds, step });
    const guarded = await measure({ library, path: '/live', count, idleSeconds, step });
    // What the cache of verified tokens keeps, it keeps of all tokens that are used, with sockets or without.
    const settings = { verifiedTokenCacheSize: 1 };
    const forgotten = await measure({ library, path: '/live', count, idleSeconds: 0, settings, step });
    rows.push(
      `| ${library} | ${[open, guarded, forgotten].map(({ used }) => used.toFixed(0)).join(' | ')} | ${(guarded.used - open.used).toFixed(0)}, ${(forgotten.used - open.used).toFixed(0)} | ${[open, guarded].map(({ rss }) => rss.toFixed(0)).join(' | ')} | ${[open, guarded].map(({ cpu }) => (cpu * 100).toFixed(1)).join(' | ')} | ${guarded.lastClosed.toFixed(2)} of ${guarded.revoking.toFixed(2)} |`,
    );
  }
  return [
    `## ${count} idle sockets in one process`,
    '',
    ...(count < wanted
      ? [
          `${wanted} were wanted; a process may have ${allowed + OTHER_FILES} files open on the machine of this run.`,
          '',
        ]
      : []),
    `Each has a client and a token of its own. Bytes are heap and buffers after a collection; "forgotten" is with a \`verified-token-cache-size\` of 1, so that what is remembered of tokens in any case is left out; each socket has sent a frame, of which its library keeps a part, as it does of the pong that answers a ping. CPU is the server's over ${idleSeconds} idle seconds, pings included. All sessions are revoked one by one: seconds from the first revocation until the last socket was closed, and until the last revocation was acknowledged.`,
    '',
    '| library | open, bytes | guarded, bytes | guarded, token forgotten, bytes | added, bytes | open, resident bytes | guarded, resident bytes | open, % of a core | guarded, % of a core | closed, s of revoking, s |',
    '| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |',
    ...rows,
  ];
}

async function measure({ library, path, count, idleSeconds, settings = {}, step }) {
  step(`${library}, ${count} sockets at ${path}`);
  const server = new Child('../scale-sockets-server.js', {
    args: [JSON.stringify({ library, settings, databaseUrl: 'memory:', appName: 'bench-sockets' })],
    execArgv: ['--expose-gc'],
  });
  const clients = Array.from(
    { length: Math.ceil(count / PER_CLIENT) },
    () => new Child('../scale-sockets-clients.js'),
  );
  try {
    const { port } = await server.ask({ type: 'ready' });
    const isGuarded = path === '/live';
    const tokens = isGuarded ? await server.ask({ type: 'issue', count }) : undefined;
    const some = { type: 'connect', library, port, path };
    await clients[0].ask({ ...some, tokens: tokens?.slice(0, WARM_UP), count: WARM_UP });
    await clients[0].ask({ type: 'leave' });
    await settle();
    const before = await server.ask({ type: 'state' });
    for (const [number, client] of clients.entries()) {
      const first = number * PER_CLIENT;
      const ofClient = tokens?.slice(first, first + PER_CLIENT);
      await client.ask({ ...some, tokens: ofClient, first, count: Math.min(PER_CLIENT, count - first) });
    }
    await settle();
    const after = await server.ask({ type: 'state' });
    if (after.connections !== count) throw new Error(`${after.connections} of ${count} sockets are open`);
    const of = (key) => (after[key] - before[key]) / count;
    const facts = { used: of('used'), rss: of('rss'), cpu: await idleCpu(server, idleSeconds) };
    return isGuarded ? { ...facts, ...(await revoked(server, clients, count)) } : facts;
  } finally {
    await Promise.all([server.close(), ...clients.map((client) => client.close())]);
  }
}

function settle() {
  return new Promise((resolve) => setTimeout(resolve, 500));
}

/** The share of one core. */
async function idleCpu(server, seconds) {
  if (seconds === 0) return 0;
  const before = await server.ask({ type: 'cpu' });
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  return ((await server.ask({ type: 'cpu' })) - before) / (seconds * 1_000_000);
}

/** Seconds from the first revocation until the last was acknowledged, and until the last socket was closed. */
async function revoked(server, clients, count) {
  const now = () => performance.timeOrigin + performance.now();
  const startedAt = now();
  const closing = Promise.all(clients.map((client) => client.ask({ type: 'closed' })));
  const revokedAt = await server.ask({ type: 'revoke', count });
  const lastClosedAt = Math.max(...(await closing));
  return { revoking: (revokedAt - startedAt) / 1000, lastClosed: (lastClosedAt - startedAt) / 1000 };
}

/** How many files a process may have open (Linux); Node takes as many as the hard limit says. */
function allowedFiles() {
  try {
    const limits = readFileSync('/proc/self/limits', 'utf8');
    return Number(/^Max open files\s+\d+\s+(\d+)/m.exec(limits)?.[1] ?? 0) || 1024;
  } catch {
    return 1024;
  }
}

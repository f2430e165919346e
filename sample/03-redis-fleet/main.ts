// Shows a fleet: two processes behind one port that share their sessions in Redis.
import cluster from 'node:cluster';
import { envFileOf, makeMissingKeys, masterTokenOf, tokenOf } from '../first-start.js';

// Two processes on one port: the primary hands connections out by turns. Two machines would do just the same.
if (cluster.isPrimary) {
  const ENV_FILE = envFileOf('03-redis-fleet');
  console.log('A fleet: two processes behind one port that share their sessions in Redis.');
  // Before there are others, which read the same keys and make none.
  await makeMissingKeys(ENV_FILE);
  const processes = 2;
  for (let n = 0; n < processes; n++) cluster.fork();
  let listening = 0;
  cluster.on('listening', (_worker, { port }) => {
    if (++listening < processes) return;
    const url = `http://localhost:${port}`;
    const master = `-H "MASTER-TOKEN: ${masterTokenOf(ENV_FILE)}"`;
    const whoami = `curl -s '${url}/whoami' -H "ACCESS-TOKEN: ${tokenOf('access_token')}"`;
    console.log(`\nListening on ${url}. Try:\n
TOKENS=$(curl -s -X POST '${url}/auth/token/new' ${master} -d client_id=tablet-4)
${whoami}
${whoami}
curl -s -X POST '${url}/auth/token/revoke' ${master} -d client_id=tablet-4
${whoami}
${whoami}\n`);
  });
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      for (const worker of Object.values(cluster.workers ?? {})) worker?.kill(signal);
    });
  }
} else {
  await import('./worker.js');
}

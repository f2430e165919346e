// Shows a fleet: two processes behind one port that share their sessions in Redis.
import cluster from 'node:cluster';

// Two processes on one port: the primary hands connections out by turns. Two machines would do just the same.
if (cluster.isPrimary) {
  const processes = 2;
  for (let n = 0; n < processes; n++) cluster.fork();
  let listening = 0;
  cluster.on('listening', (_worker, { port }) => {
    if (++listening < processes) return;
    const url = `http://localhost:${port}`;
    console.log(`\nListening on ${url}. Try:\n
TOKENS=$(curl -s -X POST '${url}/auth/token/new' -H "MASTER-TOKEN: $MASTER_TOKEN" -d client_id=tablet-4) && echo "$TOKENS"
curl -s '${url}/whoami' -H "ACCESS-TOKEN: $(node -p 'JSON.parse(process.argv[1]).data.access_token' "$TOKENS")"
curl -s -X POST '${url}/auth/token/revoke' -H "MASTER-TOKEN: $MASTER_TOKEN" -d client_id=tablet-4\n`);
  });
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      for (const worker of Object.values(cluster.workers ?? {})) worker?.kill(signal);
    });
  }
} else {
  await import('./worker.js');
}

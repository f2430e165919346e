// A fresh process that starts the bare application, or the one with the module, and tells what that took until it listened.
import { listen } from './lib/nest-app.js';

const imports = [];
if (process.argv[2] === 'module') {
  const { FastauthModule } = await import('../dist/index.js');
  imports.push(
    FastauthModule.forRoot({
      configFile: false,
      envFile: false,
      databaseUrl: 'memory:',
      masterToken: 'master token of the benchmark, long enough',
      cryptographyKey: 'a secret of the benchmark, thirty-two bytes or more',
    }),
  );
}
await listen('fastify', { imports });
const { user, system } = process.cpuUsage();
console.log(JSON.stringify({ cpu: (user + system) / 1000, wall: performance.now() }));
process.exit(0);

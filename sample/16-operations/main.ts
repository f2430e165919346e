// Shows the command beside a running application: what is wrong, what is open, who is logged in, and moving away.
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { fileURLToPath } from 'node:url';
import { FASTAUTH, makeMissingKeys, masterTokenOf, tokenOf } from '../first-start.js';
import { AppModule, CONFIG_FILE, ENV_FILE } from './app.module.js';

console.log(
  'Operations: what is wrong, what is open, who is logged in, why a token is refused, and another store.',
);
await makeMissingKeys(ENV_FILE);
const app = await NestFactory.create(AppModule);
app.enableShutdownHooks();
await app.listen(Number(process.env['PORT'] || 3000));

const url = (await app.getUrl()).replace('[::1]', 'localhost');
const module = fileURLToPath(new URL('app.module.js', import.meta.url));
// In an application of your own it is "npx fastauth", and finds both files by itself.
const fastauth = (command: string): string =>
  `node '${FASTAUTH}' ${command} --config '${CONFIG_FILE}' --dotenv '${ENV_FILE}'`;
const routes = `routes --app '${module}' --export AppModule --fail-on unguarded,dead-rule`;
console.log(`\nThe console, where the master token signs in: ${url}/auth/console`);
console.log(`\nListening on ${url}. Try:\n
TOKENS=$(curl -s -X POST '${url}/auth/token/new' -H "MASTER-TOKEN: ${masterTokenOf(ENV_FILE)}" -d client_id=sensor-17)
curl -s '${url}/devices' -H "ACCESS-TOKEN: ${tokenOf('access_token')}"
${fastauth('doctor')}
${fastauth(routes).replace(/ --config.*/, '')}
${fastauth('sessions list')}
node -p 'JSON.parse(process.argv[1]).data.access_token' "$TOKENS" | ${fastauth("explain --request 'GET /devices' --header 'ACCESS-TOKEN: -'")}
${fastauth('store copy --from lmdb:.fastauth --to lmdb:.fastauth-moved')}
${fastauth('client revoke sensor-17')}
node -p 'JSON.parse(process.argv[1]).data.access_token' "$TOKENS" | ${fastauth('explain')}
${fastauth('store copy --from lmdb:.fastauth --to lmdb:.fastauth-moved')}\n`);

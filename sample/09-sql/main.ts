// Shows sessions in SQL: a SQLite file handed in as a Kysely dialect, or a server by its URL.
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { envFileOf, makeMissingKeys, masterTokenOf, tokenOf } from '../first-start.js';
import { AppModule, tokenStore } from './app.module.js';

const ENV_FILE = envFileOf('09-sql');
console.log('Sessions in SQL: a SQLite file handed in as a Kysely dialect, or a server by its URL.');
await makeMissingKeys(ENV_FILE);
// Safe at every start and from several processes at once. With a `database-url`: `npx fastauth store migrate`.
const steps = await tokenStore.migrate();
console.log(steps.length > 0 ? `Tables made: ${steps.join(', ')}` : 'The tables are up to date.');

const app = await NestFactory.create(AppModule);
app.enableShutdownHooks();
await app.listen(Number(process.env['PORT'] || 3000));

const url = (await app.getUrl()).replace('[::1]', 'localhost');
const whoami = `curl -s '${url}/whoami' -H "ACCESS-TOKEN: ${tokenOf('access_token')}"`;
console.log(`\nListening on ${url}. Try:\n
TOKENS=$(curl -s -X POST '${url}/auth/token/new' -H "MASTER-TOKEN: ${masterTokenOf(ENV_FILE)}" -d client_id=acme)
${whoami}
curl -s -X POST '${url}/auth/token/revoke' -d "token=${tokenOf('refresh_token')}"
${whoami}\n`);

// Shows sessions in SQL: a SQLite file handed in as a Kysely dialect, or a server by SQL_URL.
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { AppModule, tokenStore } from './app.module.js';

// Safe at every start and from several processes at once. With a `database-url`: `npx fastauth store migrate`.
const steps = await tokenStore.migrate();
console.log(steps.length > 0 ? `Tables made: ${steps.join(', ')}` : 'The tables are up to date.');

const app = await NestFactory.create(AppModule);
app.enableShutdownHooks();
await app.listen(Number(process.env['PORT'] || 3000));
const url = (await app.getUrl()).replace('[::1]', 'localhost');
console.log(`\nListening on ${url}. Try:\n
TOKENS=$(curl -s -X POST '${url}/auth/token/new' -H "MASTER-TOKEN: $MASTER_TOKEN" -d client_id=acme) && echo "$TOKENS"
curl -s '${url}/whoami' -H "ACCESS-TOKEN: $(node -p 'JSON.parse(process.argv[1]).data.access_token' "$TOKENS")"\n`);

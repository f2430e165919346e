// Shows GraphQL: open and guarded fields of one request, scopes, and a subscription that ends with its token.
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { fileURLToPath } from 'node:url';
import { envFileOf, makeMissingKeys, masterTokenOf, tokenOf } from '../first-start.js';
import { AppModule } from './app.module.js';

const ENV_FILE = envFileOf('12-graphql');
console.log(
  'GraphQL: open and guarded fields of one request, scopes, and a subscription that ends with its token.',
);
await makeMissingKeys(ENV_FILE);
const app = await NestFactory.create(AppModule);
app.enableShutdownHooks();
await app.listen(Number(process.env['PORT'] || 3000));

const url = (await app.getUrl()).replace('[::1]', 'localhost');
const ask = (query: string): string =>
  `curl -s '${url}/graphql' -H 'content-type: application/json' -d '${JSON.stringify({ query })}'`;
const access = `-H "ACCESS-TOKEN: ${tokenOf('access_token')}"`;
const subscribe = fileURLToPath(new URL('subscribe.js', import.meta.url));
console.log(`\nListening on ${url}. Try:\n
TOKENS=$(curl -s -X POST '${url}/auth/token/new' -H "MASTER-TOKEN: ${masterTokenOf(ENV_FILE)}" -d client_id=ada -d scope=devices:write)
${ask('{ version me }')}
${ask('{ version me device { name secret } }')} ${access}
${ask('mutation { rename(name: "door") }')} ${access}
node '${subscribe}' '${url}' "${tokenOf('access_token')}"\n`);

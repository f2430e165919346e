// Shows custom issuance: known partners get claims and a lifetime of their own, others are refused.
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { envFileOf, makeMissingKeys, masterTokenOf, tokenOf } from '../first-start.js';
import { AppModule } from './app.module.js';

const ENV_FILE = envFileOf('02-custom-issuance');
console.log('Custom issuance: known partners get claims and a lifetime of their own, others are refused.');
await makeMissingKeys(ENV_FILE);
const app = await NestFactory.create(AppModule);
app.enableShutdownHooks();
await app.listen(Number(process.env['PORT'] || 3000));

const url = (await app.getUrl()).replace('[::1]', 'localhost');
const issue = `curl -s -X POST '${url}/auth/token/new' -H "MASTER-TOKEN: ${masterTokenOf(ENV_FILE)}"`;
const offers = `curl -s '${url}/offers' -H "ACCESS-TOKEN: ${tokenOf('access_token')}"`;
console.log(`\nListening on ${url}. Try:\n
TOKENS=$(${issue} -d client_id=acme)
${offers}
TOKENS=$(${issue} -d client_id=globex)
${offers}
${issue} -d client_id=initech
${issue} -d client_id=nobody\n`);

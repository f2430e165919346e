// Shows a REST store: the persistence API, next to the server that keeps its sessions there.
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { envFileOf, makeMissingKeys, masterTokenOf, tokenOf } from '../first-start.js';
import { AppModule, PersistenceModule } from './app.module.js';

const ENV_FILE = envFileOf('08-rest-store');
console.log('A REST store: the persistence API, next to the server that keeps its sessions there.');
await makeMissingKeys(ENV_FILE);

// Two servers in one process, for the sample's sake: the one that keeps the tokens, and the one that uses it.
const persistence = await NestFactory.create(PersistenceModule);
persistence.enableShutdownHooks();
await persistence.listen(0, '127.0.0.1');
process.env['PERSISTENCE_URL'] = await persistence.getUrl();

const app = await NestFactory.create(AppModule);
app.enableShutdownHooks();
await app.listen(Number(process.env['PORT'] || 3000));

const url = (await app.getUrl()).replace('[::1]', 'localhost');
const whoami = `curl -s '${url}/whoami' -H "ACCESS-TOKEN: ${tokenOf('access_token')}"`;
const kept = `curl -s '${process.env['PERSISTENCE_URL']}/token?client_id=acme'`;
console.log(`\nListening on ${url} (tokens are kept at ${process.env['PERSISTENCE_URL']}). Try:\n
TOKENS=$(curl -s -X POST '${url}/auth/token/new' -H "MASTER-TOKEN: ${masterTokenOf(ENV_FILE)}" -d client_id=acme)
${whoami}
${kept}
curl -s -X POST '${url}/auth/token/revoke' -d "token=${tokenOf('refresh_token')}"
${kept}
${whoami}\n`);

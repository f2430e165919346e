// Shows socket.io: two namespaces, each with a requirement of its own.
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { fileURLToPath } from 'node:url';
import { envFileOf, makeMissingKeys, masterTokenOf, tokenOf } from '../first-start.js';
import { AppModule } from './app.module.js';

const ENV_FILE = envFileOf('05-socket-io');
console.log('Namespaces: two of socket.io, each with a requirement of its own.');
await makeMissingKeys(ENV_FILE);
const app = await NestFactory.create(AppModule);
app.enableShutdownHooks();
await app.listen(Number(process.env['PORT'] || 3000));

const url = (await app.getUrl()).replace('[::1]', 'localhost');
const client = `node '${fileURLToPath(new URL('client.js', import.meta.url))}'`;
const master = `"MASTER-TOKEN: ${masterTokenOf(ENV_FILE)}"`;
const access = `"ACCESS-TOKEN: ${tokenOf('access_token')}"`;
console.log(`\nListening on ${url}. Try:\n
TOKENS=$(curl -s -X POST '${url}/auth/token/new' -H ${master} -d client_id=me)
${client} '${url}/feed' whoami
${client} '${url}/admin' status ${access}
${client} '${url}/admin' status ${master}
${client} '${url}/feed' whoami ${access}
${client} '${url}/feed' whoami ${access}\n`);

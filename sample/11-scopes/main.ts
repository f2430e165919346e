// Shows scopes: who may do what, alternatives, fresh logins, and a refresh that narrows.
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { envFileOf, makeMissingKeys, masterTokenOf, tokenOf } from '../first-start.js';
import { AppModule } from './app.module.js';

const ENV_FILE = envFileOf('11-scopes');
console.log('Scopes: who may do what, alternatives, fresh logins, and a refresh that narrows.');
await makeMissingKeys(ENV_FILE);
const app = await NestFactory.create(AppModule);
app.enableShutdownHooks();
await app.listen(Number(process.env['PORT'] || 3000));

const url = (await app.getUrl()).replace('[::1]', 'localhost');
const master = `-H "MASTER-TOKEN: ${masterTokenOf(ENV_FILE)}"`;
const access = `-H "ACCESS-TOKEN: ${tokenOf('access_token')}"`;
console.log(`\nListening on ${url}. Try:\n
TOKENS=$(curl -s -X POST '${url}/auth/token/new' ${master} -d client_id=ada -d 'scope=devices:read devices:write')
curl -s '${url}/devices' ${access}
curl -s -X POST '${url}/devices' ${access}
curl -s -X POST '${url}/devices/reboot' ${access}
curl -s -X POST '${url}/devices/reboot' ${master}
curl -s -X DELETE '${url}/devices' ${access}
curl -s '${url}/devices/news'
TOKENS=$(curl -s -X POST '${url}/auth/token/refresh' -d "refresh_token=${tokenOf('refresh_token')}" -d scope=devices:read)
curl -si -X POST '${url}/devices' ${access}\n`);

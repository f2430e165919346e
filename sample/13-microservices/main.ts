// Shows microservices: a token that goes on in a message, scopes of message handlers, and an event that is dropped.
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { type MicroserviceOptions, Transport } from '@nestjs/microservices';
import { envFileOf, makeMissingKeys, masterTokenOf, tokenOf } from '../first-start.js';
import { AppModule, TCP } from './app.module.js';

const ENV_FILE = envFileOf('13-microservices');
console.log(
  'Microservices: a token that goes on in a message, scopes of message handlers, and an event that is dropped.',
);
await makeMissingKeys(ENV_FILE);
const app = await NestFactory.create(AppModule);
app.enableShutdownHooks();
app.connectMicroservice<MicroserviceOptions>(
  { transport: Transport.TCP, options: TCP },
  { inheritAppConfig: true },
);
await app.startAllMicroservices();
await app.listen(Number(process.env['PORT'] || 3000));

const url = (await app.getUrl()).replace('[::1]', 'localhost');
const issue = `curl -s -X POST '${url}/auth/token/new' -H "MASTER-TOKEN: ${masterTokenOf(ENV_FILE)}"`;
const access = `-H "ACCESS-TOKEN: ${tokenOf('access_token')}"`;
console.log(`\nListening on ${url}, and for messages on port ${TCP.port}. Try:\n
TOKENS=$(${issue} -d client_id=ada -d 'scope=orders:read orders:write')
curl -s '${url}/orders/7' ${access}
curl -s -X POST '${url}/orders/7' ${access}
TOKENS=$(${issue} -d client_id=eve)
curl -s '${url}/orders/7' ${access}
curl -s -X POST '${url}/orders/8' ${access}\n`);

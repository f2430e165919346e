// Shows WebSockets: a gateway, and clients that refresh their token and go on without connecting anew.
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { WsAdapter } from '@nestjs/platform-ws';
import { fileURLToPath } from 'node:url';
import { envFileOf, makeMissingKeys, masterTokenOf, tokenOf } from '../first-start.js';
import { AppModule } from './app.module.js';

const ENV_FILE = envFileOf('04-sockets');
console.log('WebSockets: a gateway, and clients that refresh their token and go on without connecting anew.');
await makeMissingKeys(ENV_FILE);
const app = await NestFactory.create(AppModule);
app.useWebSocketAdapter(new WsAdapter(app));
app.enableShutdownHooks();
await app.listen(Number(process.env['PORT'] || 3000));

const url = (await app.getUrl()).replace('[::1]', 'localhost');
const client = `node '${fileURLToPath(new URL('client.js', import.meta.url))}' '${url}'`;
const issue = `$(curl -s -X POST '${url}/auth/token/new' -H "MASTER-TOKEN: ${masterTokenOf(ENV_FILE)}" -d client_id=me)`;
console.log(`\nListening on ${url}. Try:\n
${client}
TOKENS=${issue}
${client} "${tokenOf('access_token')}" "${tokenOf('refresh_token')}"

Or in a browser, with the tokens of this:

TOKENS=${issue} && echo "$TOKENS"\n`);

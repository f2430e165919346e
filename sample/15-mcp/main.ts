// Shows an MCP server whose clients get their tokens by their own credentials, from its metadata alone.
import 'reflect-metadata';
import { fileURLToPath } from 'node:url';
import { localhostHostValidation } from '@modelcontextprotocol/sdk/server/middleware/hostHeaderValidation.js';
import { NestFactory } from '@nestjs/core';
import { makeMissingKeys } from '../first-start.js';
import { ENV_FILE, PORT, RESOURCE, URL_OF_SERVER } from './settings.js';

console.log('An MCP server: clients get tokens by their own credentials, and learn where from its metadata.');
await makeMissingKeys(ENV_FILE, ['CRYPTOGRAPHY_KEY', 'CLIENT_SECRET']);
// It reads the client's secret.
const { AppModule } = await import('./app.module.js');
const app = await NestFactory.create(AppModule);
// No page of another site reaches a server on localhost by a name that it made resolve there.
app.use(localhostHostValidation());
app.enableShutdownHooks();
await app.listen(PORT);

const client = fileURLToPath(new URL('./client.js', import.meta.url));
const secretOfClient = process.env['CLIENT_SECRET']
  ? '$CLIENT_SECRET'
  : `$(sed -n 's/^CLIENT_SECRET=//p' '${ENV_FILE}')`;
const hello = '{"jsonrpc":"2.0","id":1,"method":"tools/list"}';
console.log(`\nListening on ${URL_OF_SERVER}. Try:\n
curl -si '${RESOURCE}' -H 'Content-Type: application/json' -d '${hello}'
curl -s '${URL_OF_SERVER}/.well-known/oauth-protected-resource/mcp'
curl -s '${URL_OF_SERVER}/auth/token' -u "reader:${secretOfClient}" -d grant_type=client_credentials -d 'resource=${RESOURCE}'
CLIENT_SECRET="${secretOfClient}" node '${client}' '${RESOURCE}'\n`);

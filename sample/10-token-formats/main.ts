// Shows token formats: signed, encrypted and opaque tokens by one switch, which logs nobody out.
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { fileURLToPath } from 'node:url';
import {
  envFileOf,
  FASTAUTH,
  keySetFileOf,
  makeMissingKeys,
  masterTokenOf,
  tokenOf,
} from '../first-start.js';
import { AppModule, FORMAT, FORMATS } from './app.module.js';

const ENV_FILE = envFileOf('10-token-formats');
console.log('Token formats: signed, encrypted and opaque tokens by one switch, which logs nobody out.');
await makeMissingKeys(ENV_FILE);
const app = await NestFactory.create(AppModule);
app.enableShutdownHooks();
await app.listen(Number(process.env['PORT'] || 3000));

const url = (await app.getUrl()).replace('[::1]', 'localhost');
const next = FORMATS[(FORMATS.indexOf(FORMAT) + 1) % FORMATS.length];
const whoami = `curl -s '${url}/whoami' -H "ACCESS-TOKEN: ${tokenOf('access_token')}"`;
const refresh = `curl -s -X POST '${url}/auth/token/refresh' -d "refresh_token=${tokenOf('refresh_token')}"`;
console.log(`\nListening on ${url} with ${FORMAT} tokens. Try:\n
TOKENS=$(curl -s -X POST '${url}/auth/token/new' -H "MASTER-TOKEN: ${masterTokenOf(ENV_FILE)}" -d client_id=acme) && echo "$TOKENS"
${whoami}

Stop it, and start it with the next format:

TOKEN_FORMAT=${next} node '${fileURLToPath(import.meta.url)}'

The old token is still good, and is refreshed into the new format:

${whoami}
TOKENS=$(${refresh}) && echo "$TOKENS"
${whoami}

New signed tokens get a key pair, whose public part is published, five seconds after this:

KEY_SET_FILE='${keySetFileOf('10-token-formats')}' node '${FASTAUTH}' keys rotate --algorithm EdDSA --after 5 --dotenv '${ENV_FILE}' && sleep 5
curl -s '${url}/.well-known/jwks.json'\n`);

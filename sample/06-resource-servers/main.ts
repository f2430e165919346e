// Shows resource servers: one verifies tokens by published keys, one asks, and they differ on a revoked token.
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { fileURLToPath } from 'node:url';
import { makeMissingKeys, makeMissingKeySet, masterTokenOf, tokenOf } from '../first-start.js';
import { ENV_FILE, INTROSPECTION_PORT, ISSUER, JWKS_PORT, KEY_SET_FILE, PORT } from './settings.js';

console.log(
  'Resource servers: one verifies tokens by published keys, one asks, and they differ on a revoked token.',
);
await makeMissingKeys(ENV_FILE, ['MASTER_TOKEN', 'CLIENT_SECRET']);
makeMissingKeySet(KEY_SET_FILE);
// The authorization server: it issues tokens, and publishes the keys that verify them. It reads the client's secret.
const { AppModule } = await import('./app.module.js');
const app = await NestFactory.create(AppModule);
app.enableShutdownHooks();
await app.listen(PORT);

const pathOf = (file: string): string => fileURLToPath(new URL(file, import.meta.url));
const token = tokenOf('access_token');
const ask = (port: number): string =>
  `curl -s 'http://localhost:${port}/orders' -H "Authorization: Bearer ${token}"`;
console.log(`\nListening on ${ISSUER}. Start the resource servers, each in a terminal of its own:\n
ISSUER='${ISSUER}' JWKS_PORT=${JWKS_PORT} node '${pathOf('by-jwks.js')}'
ISSUER='${ISSUER}' INTROSPECTION_PORT=${INTROSPECTION_PORT} node '${pathOf('by-introspection.js')}'
\nTry:\n
curl -s '${ISSUER}/.well-known/jwks.json'
TOKENS=$(curl -s -X POST '${ISSUER}/auth/token/new' -H "MASTER-TOKEN: ${masterTokenOf(ENV_FILE)}" -d client_id=acme)
${ask(JWKS_PORT)}
${ask(INTROSPECTION_PORT)}
curl -s -X POST '${ISSUER}/auth/token/revoke' -d "token=${token}"
${ask(JWKS_PORT)}
${ask(INTROSPECTION_PORT)}\n`);

// Shows an authorization server, whose tokens two resource servers (by-jwks.ts, by-introspection.ts) accept.
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module.js';

// The authorization server: it issues tokens, and publishes the keys that verify them.
const app = await NestFactory.create(AppModule);
app.enableShutdownHooks();
await app.listen(Number(process.env['PORT'] || 3000));
const url = (await app.getUrl()).replace('[::1]', 'localhost');
console.log(`\nListening on ${url}. Try:\n
curl -s '${url}/.well-known/jwks.json'
TOKENS=$(curl -s -X POST '${url}/auth/token/new' -H "MASTER-TOKEN: $MASTER_TOKEN" -d client_id=acme) && echo "$TOKENS"\n`);

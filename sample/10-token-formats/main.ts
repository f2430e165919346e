// Shows signed, encrypted and opaque tokens by one switch, and that nobody is logged out by it.
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module.js';

const app = await NestFactory.create(AppModule);
app.enableShutdownHooks();
await app.listen(Number(process.env['PORT'] || 3000));
const url = (await app.getUrl()).replace('[::1]', 'localhost');
console.log(`\nListening on ${url}. Try:\n
TOKENS=$(curl -s -X POST '${url}/auth/token/new' -H "MASTER-TOKEN: $MASTER_TOKEN" -d client_id=acme) && echo "$TOKENS"
curl -s '${url}/whoami' -H "ACCESS-TOKEN: $(node -p 'JSON.parse(process.argv[1]).data.access_token' "$TOKENS")"
curl -s '${url}/.well-known/jwks.json'\n`);

// Shows the REST persistence API next to the server that keeps its sessions there.
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { AppModule, PersistenceModule } from './app.module.js';

// Two servers in one process, for the sample's sake: the one that keeps the tokens, and the one that uses it.
const persistence = await NestFactory.create(PersistenceModule);
persistence.enableShutdownHooks();
await persistence.listen(0, '127.0.0.1');
process.env['PERSISTENCE_URL'] = await persistence.getUrl();

const app = await NestFactory.create(AppModule);
app.enableShutdownHooks();
await app.listen(Number(process.env['PORT'] || 3000));
const url = (await app.getUrl()).replace('[::1]', 'localhost');
console.log(`\nListening on ${url} (tokens are kept at ${process.env['PERSISTENCE_URL']}). Try:\n
TOKENS=$(curl -s -X POST '${url}/auth/token/new' -H "MASTER-TOKEN: $MASTER_TOKEN" -d client_id=acme) && echo "$TOKENS"
curl -s '${url}/whoami' -H "ACCESS-TOKEN: $(node -p 'JSON.parse(process.argv[1]).data.access_token' "$TOKENS")"\n`);

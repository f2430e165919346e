// Shows custom issuance: a subclass of TokenController that refuses unknown partners and gives the others claims of their own.
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module.js';

const app = await NestFactory.create(AppModule);
app.enableShutdownHooks();
await app.listen(Number(process.env['PORT'] || 3000));
const url = (await app.getUrl()).replace('[::1]', 'localhost');
console.log(`\nListening on ${url}. Try:\n
TOKENS=$(curl -s -X POST '${url}/auth/token/new' -H "MASTER-TOKEN: $MASTER_TOKEN" -d client_id=acme) && echo "$TOKENS"
curl -s '${url}/offers' -H "ACCESS-TOKEN: $(node -p 'JSON.parse(process.argv[1]).data.access_token' "$TOKENS")"\n`);

// Shows one session per device: list, rename and log out own devices, log out all others.
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module.js';

const app = await NestFactory.create(AppModule);
app.enableShutdownHooks();
await app.listen(Number(process.env['PORT'] || 3000));
const url = (await app.getUrl()).replace('[::1]', 'localhost');
console.log(`\nListening on ${url}. Try:\n
TOKENS=$(curl -s '${url}/login' -d user=ada -d password=countess -d device=phone) && echo "$TOKENS"
curl -s '${url}/devices' -H "ACCESS-TOKEN: $(node -p 'JSON.parse(process.argv[1]).access_token' "$TOKENS")"\n`);

// Shows one session per device: list, rename and log out own devices, log out all others.
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { envFileOf, makeMissingKeys } from '../first-start.js';
import { AppModule } from './app.module.js';

console.log('One session per device: list, rename and log out own devices, log out all others.');
await makeMissingKeys(envFileOf('07-devices'), ['CRYPTOGRAPHY_KEY']);
const app = await NestFactory.create(AppModule);
app.enableShutdownHooks();
await app.listen(Number(process.env['PORT'] || 3000));

const url = (await app.getUrl()).replace('[::1]', 'localhost');
const logIn = (device: string): string =>
  `$(curl -s '${url}/login' -d user=ada -d password=countess -d device=${device})`;
const as = (device: string): string =>
  `-H "ACCESS-TOKEN: $(node -p 'JSON.parse(process.argv[1]).access_token' "$${device}")"`;
const firstId = `node -p 'JSON.parse(process.argv[1])[0].id' "$DEVICES"`;
console.log(`\nListening on ${url}. Try:\n
PHONE=${logIn('phone')}
LAPTOP=${logIn('laptop')}
TABLET=${logIn('tablet')}
DEVICES=$(curl -s '${url}/devices' ${as('LAPTOP')}) && echo "$DEVICES"
curl -s -X PATCH "${url}/devices/$(${firstId})" ${as('LAPTOP')} -d 'device=old phone'
curl -s -X DELETE "${url}/devices/$(${firstId})" ${as('LAPTOP')}
curl -s '${url}/devices' ${as('PHONE')}
curl -s -X DELETE '${url}/devices' ${as('LAPTOP')}
curl -s '${url}/devices' ${as('TABLET')}
curl -s '${url}/devices' ${as('LAPTOP')}\n`);

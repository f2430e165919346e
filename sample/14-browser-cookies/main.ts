// Shows cookies for browsers: a login that hands no token to the page, and what keeps other pages out.
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { envFileOf, makeMissingKeys } from '../first-start.js';
import { AppModule } from './app.module.js';

console.log('Cookies for browsers: a login that hands no token to the page, and what keeps other pages out.');
await makeMissingKeys(envFileOf('14-browser-cookies'));
const app = await NestFactory.create(AppModule);
app.enableShutdownHooks();
await app.listen(Number(process.env['PORT'] || 3000));

// By this name browsers, and curl, take cookies that are for HTTPS alone.
const url = `http://localhost:${new URL(await app.getUrl()).port}`;
const jar = '-b .cookies -c .cookies';
const own = "-H 'Sec-Fetch-Site: same-origin'";
console.log(`\nListening on ${url}. Open it (ada, countess). Try:\n
curl -s ${jar} '${url}/login' ${own} -d user=ada -d password=countess
curl -s ${jar} '${url}/me'
curl -s ${jar} '${url}/notes' ${own} -d text=hello
curl -s ${jar} '${url}/notes' -H 'Sec-Fetch-Site: cross-site' -d text=hello
curl -s ${jar} -X POST '${url}/auth/token/refresh' ${own}
curl -s ${jar} -X POST '${url}/logout' ${own}
curl -s ${jar} '${url}/me'\n`);

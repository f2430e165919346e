// Shows everything at its defaults: endpoints, guards by decorator and by path, gateways, Swagger UI.
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import type { INestApplication } from '@nestjs/common';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { WsAdapter } from '@nestjs/platform-ws';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { withFastauth } from 'nestjs-fastauth';
import { AppModule } from './app.module.js';
import { makeMissingKeys } from '../first-start.js';
import { curlLines } from './curl-lines.js';
import { ENV_FILE, GLOBAL_PREFIX, HTTP_ADAPTER, IS_PRODUCTION, PORT } from './settings.js';

if (!IS_PRODUCTION) await makeMissingKeys(ENV_FILE);

const app: INestApplication =
  HTTP_ADAPTER === 'fastify'
    ? await NestFactory.create<NestFastifyApplication>(AppModule, new FastifyAdapter())
    : await NestFactory.create(AppModule);
if (GLOBAL_PREFIX) app.setGlobalPrefix(GLOBAL_PREFIX);
app.useWebSocketAdapter(new WsAdapter(app));
app.enableShutdownHooks();

const openApi = new DocumentBuilder().setTitle('fastauth quick start').setVersion('1.0').build();
SwaggerModule.setup('docs', app, () => withFastauth(app, SwaggerModule.createDocument(app, openApi)));

await app.listen(PORT);
const url = (await app.getUrl()).replace('[::1]', 'localhost');
const base = GLOBAL_PREFIX ? `${url}/${GLOBAL_PREFIX.replaceAll(/^\/+|\/+$/g, '')}` : url;
console.log(`\nListening on ${url} (${HTTP_ADAPTER}), API document at ${url}/docs. Try:\n`);
for (const line of curlLines(base)) console.log(`${line}\n`);

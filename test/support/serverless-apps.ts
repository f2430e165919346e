import 'reflect-metadata';
import { createHash } from 'node:crypto';
import { createInterface } from 'node:readline';
import serverlessExpress from '@codegenie/serverless-express';
import { Controller, Get, type INestApplication, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { AccessOnly, CurrentPrincipal, FastauthModule, type Principal } from '../../src/index.js';

// Applications that never listen, as functions of a cloud run them: requests and responses come through no socket. They
// are in a process of their own because Jest cannot load what Fastify makes these with. A line on stdin is a request, one on stdout
// its answer.

const SECRET_HASH = `sha256:${createHash('sha256').update('s'.repeat(43)).digest('hex')}`;

@Controller()
class RoutesController {
  @AccessOnly()
  @Get('who')
  who(@CurrentPrincipal() principal: Principal) {
    return { client: principal.clientId };
  }

  @Get('reports/daily')
  report() {
    return { report: true };
  }
}

async function start(adapter: string): Promise<INestApplication> {
  @Module({
    imports: [
      FastauthModule.forRoot({
        configFile: false,
        envFile: false,
        databaseUrl: 'memory:',
        auditLog: 'off',
        masterToken: 'm'.repeat(20),
        cryptographyKey: 'k'.repeat(32),
        accessTokenPaths: ['/reports'],
        issuer: 'https://auth.example.com',
        clients: [{ clientId: 'service', secretHashes: [SECRET_HASH], introspect: true }],
      }),
    ],
    controllers: [RoutesController],
  })
  class AppModule {}
  const options = { logger: false, abortOnError: false } as const;
  const app =
    adapter === 'fastify'
      ? await NestFactory.create(AppModule, new FastifyAdapter(), options)
      : await NestFactory.create(AppModule, options);
  return app.init();
}

interface Call {
  readonly adapter: string;
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly payload?: string;
}

const express = await start('express');
const fastify = (await start('fastify')) as NestFastifyApplication;
type Lambda = (event: object, context: object) => Promise<{ statusCode: number; body: string }>;
/** Its types tell of an ES module, and it is none. */
const configure = serverlessExpress as unknown as (options: { readonly app: unknown }) => Lambda;
const lambda = configure({ app: express.getHttpAdapter().getInstance() });

/** As AWS API Gateway tells of a request. */
function eventOf({ method, url, headers, payload }: Call): object {
  return {
    version: '2.0',
    rawPath: url,
    rawQueryString: '',
    headers,
    requestContext: { http: { method, path: url, sourceIp: '203.0.113.9' }, stage: '$default' },
    ...(payload === undefined ? {} : { body: payload, isBase64Encoded: false }),
  };
}

for await (const line of createInterface({ input: process.stdin })) {
  const call = JSON.parse(line) as Call;
  const { statusCode, body } =
    call.adapter === 'fastify'
      ? await fastify.inject({
          method: call.method,
          url: call.url,
          headers: call.headers,
          ...(call.payload === undefined ? {} : { payload: call.payload }),
        })
      : await lambda(eventOf(call), {});
  process.stdout.write(`${JSON.stringify({ status: statusCode, body })}\n`);
}
process.exit();

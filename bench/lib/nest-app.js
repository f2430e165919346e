import 'reflect-metadata';
import { Body, Controller, Get, Module, Post, UseGuards } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';

/** As long as a token pair's answer, for the open twin of the endpoints that answer with one. */
const PAIR = {
  status: 'success',
  message: 'Token generated',
  code: 200,
  data: { client_id: 'bench', access_token: 'a'.repeat(280), refresh_token: 'r'.repeat(290) },
};

/**
 * A listening application of one controller: `GET /bench/whoami`, and `POST /bench/pair`, which takes a body and
 * answers as the token endpoints do. Decorators are called as functions, so that there is nothing to compile.
 * @param {'express' | 'fastify'} framework
 * @param {{ imports?: object[], guard?: object, decorators?: MethodDecorator[], scoped?: MethodDecorator[], globalGuard?: object, pair?: () => unknown }} parts
 *   `decorators` of the first; with `scoped` there is also a route `GET /bench/scoped` that has those
 */
export async function listen(
  framework,
  { imports = [], guard, decorators = [], scoped, globalGuard, pair = () => PAIR } = {},
) {
  class BenchController {
    whoami() {
      return { ok: true };
    }
    scoped() {
      return { ok: true };
    }
    pair() {
      return pair();
    }
  }
  const method = (name) => Object.getOwnPropertyDescriptor(BenchController.prototype, name);
  Get('whoami')(BenchController.prototype, 'whoami', method('whoami'));
  Post('pair')(BenchController.prototype, 'pair', method('pair'));
  Body()(BenchController.prototype, 'pair', 0);
  if (guard) UseGuards(guard)(BenchController.prototype, 'whoami', method('whoami'));
  for (const decorator of decorators) decorator(BenchController.prototype, 'whoami', method('whoami'));
  for (const decorator of scoped ? [Get('scoped'), ...scoped] : [])
    decorator(BenchController.prototype, 'scoped', method('scoped'));
  Controller('bench')(BenchController);

  class BenchModule {}
  Module({ imports, controllers: [BenchController] })(BenchModule);
  const adapter = framework === 'fastify' ? new FastifyAdapter() : new ExpressAdapter();
  const app = await NestFactory.create(BenchModule, adapter, { logger: ['error'] });
  if (globalGuard) app.useGlobalGuards(globalGuard);
  // `ETag` and `X-Powered-By` are Express' own work; they are left on, as users have them, in open and guarded twin alike.
  await app.listen(0, '127.0.0.1');
  return app;
}

export function portOf(app) {
  return app.getHttpServer().address().port;
}

/** A request as it goes over the wire. */
export function get(path, headers = {}) {
  return wire('GET', path, headers, '');
}

export function post(path, body, headers = {}) {
  const text = JSON.stringify(body);
  return wire(
    'POST',
    path,
    { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text), ...headers },
    text,
  );
}

function wire(method, path, headers, body) {
  const lines = Object.entries({ Host: '127.0.0.1', ...headers }).map(([name, value]) => `${name}: ${value}`);
  return `${method} ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n${body}`;
}

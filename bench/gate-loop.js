// What bench:gate counts: N requests through the real guards, policy, verifier and store, in one process, without HTTP.
import 'reflect-metadata';
import { execFileSync } from 'node:child_process';
import { Module } from '@nestjs/common';
import { ServerResponse } from 'node:http';
import { GUARDS_METADATA } from '@nestjs/common/constants.js';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { ACCESS } from '../build/access/requirement.js';
import { AccessGuard, AccessOnly, FastauthModule, MasterOnly, Scopes, TokenService } from '../dist/index.js';
import { keepFromSharedCaches } from '../build/transports/http/shared-caches.js';

const [scenario, count] = [process.argv[2], Number(process.argv[3])];
const MASTER_TOKEN = 'master token of the benchmark, long enough';

class GateController {
  open() {}
  guarded() {}
  scoped() {}
  master() {}
}
const DECORATORS = { guarded: AccessOnly(), scoped: Scopes('gate:read', 'gate:write'), master: MasterOnly() };
for (const [name, decorate] of Object.entries(DECORATORS)) {
  decorate(GateController.prototype, name, Object.getOwnPropertyDescriptor(GateController.prototype, name));
}

class GateModule {}
Module({
  imports: [
    FastauthModule.forRoot({
      configFile: false,
      envFile: false,
      databaseUrl: 'memory:',
      masterToken: MASTER_TOKEN,
      cryptographyKey: 'a secret of the benchmark, thirty-two bytes or more',
      auditLog: 'off',
      failedAttemptsPerAddress: 0,
      failedAttemptsPerClient: 0,
      accessTokenPaths: ['/access', '/devices/:id/state'],
    }),
  ],
})(GateModule);
const app = await NestFactory.create(GateModule, new FastifyAdapter(), { logger: false });
await app.init();
const [DeclaredGuard] = Reflect.getMetadata(GUARDS_METADATA, GateController);
// As Nest makes it in the controller's module, the guard that the decorators bring to the class and to its methods.
const declaredGuard = new DeclaredGuard(
  app.get(Symbol.for('nestjs-fastauth:declared access'), { strict: false }),
);
/** The headers that keep answers from shared caches have a scenario of their own. */
const response = { headersSent: true, getHeader() {}, setHeader() {} };
const tokens = app.get(TokenService);
const { accessToken } = await tokens.issue({ clientId: 'gate' });
const scoped = await tokens.issue({ clientId: 'scoped gate', scopes: ['gate:read', 'gate:write'] });

/** `guarded`: the token comes over a connection that brought another before; `connection`: over one that brought it. */
const SCENARIOS = {
  open: { handler: 'open', headers: {} },
  guarded: { handler: 'guarded', headers: { 'access-token': accessToken } },
  scoped: { handler: 'scoped', headers: { 'access-token': scoped.accessToken } },
  connection: { handler: 'guarded', headers: { 'access-token': accessToken }, socket: {} },
  master: { handler: 'master', headers: { 'master-token': MASTER_TOKEN } },
};
/** How often a scenario runs before it is counted. */
const WARM_UP = { first: 4000, forged: 20_000, issue: 10_000, refresh: 10_000 }[scenario] ?? 60_000;

const { handler: name, headers = {}, socket } = SCENARIOS[scenario] ?? SCENARIOS.guarded;
const handler = GateController.prototype[name];
const ofMethod = (Reflect.getMetadata(GUARDS_METADATA, handler) ?? []).map(() => declaredGuard);
const rawHeaders = Object.entries(headers).flat();
const guards = [app.get(AccessGuard), declaredGuard, ...ofMethod];

function contextOf(headers, rawHeaders) {
  const raw = { url: '/gate/whoami?page=1', method: 'GET', headers, rawHeaders, socket };
  const request = { raw, originalUrl: raw.url, routeOptions: { url: '/gate/whoami' } };
  const context = new ExecutionContextHost([request, response], GateController, handler);
  context.setType('http');
  return context;
}

function enter(headers, rawHeaders) {
  const context = contextOf(headers, rawHeaders);
  for (const guard of guards) if (guard.canActivate(context) !== true) throw new Error('refused');
}

/** An access token, as parsed and as raw headers. */
const bringing = (token) => [{ 'access-token': token }, ['access-token', token]];

/** Each runs so many times. */
const LOOPS = {
  // The response is made anew, as it is for each request, and counts as well.
  headers(times) {
    for (let index = 0; index < times; index++)
      keepFromSharedCaches(new ServerResponse({ method: 'GET' }), ACCESS, false);
  },
  // Tokens that nobody has seen yet.
  first(times) {
    for (let index = 0; index < times; index++) enter(...bringing(unseen.pop()));
  },
  async forged(times) {
    const unsigned = accessToken.slice(0, accessToken.lastIndexOf('.') + 1);
    for (let index = 0; index < times; index++) {
      const forged = unsigned + index.toString(36).padStart(42, 'A') + 'A';
      const refused = await guards[0].canActivate(contextOf(...bringing(forged))).catch(() => 'refused');
      if (refused !== 'refused') throw new Error('let in');
    }
  },
  async issue(times) {
    for (let index = 0; index < times; index++) await tokens.issue({ clientId: 'issued' });
  },
  async refresh(times) {
    for (let index = 0; index < times; index++) pair = await tokens.refresh(pair.refreshToken);
  },
  guarded(times) {
    for (let index = 0; index < times; index++) enter(headers, rawHeaders);
  },
};
const loop = LOOPS[scenario] ?? LOOPS.guarded;

const unseen = [];
for (let left = scenario === 'first' ? WARM_UP + count : 0; left > 0; left--)
  unseen.push((await tokens.issue({ clientId: `unseen ${left}` })).accessToken);
let pair = await tokens.issue({ clientId: 'refreshed' });

// Collecting garbage takes the shapes of requests that are gone, and the machine code with them: it is made again before
// anything is counted.
await loop(WARM_UP / 4);
globalThis.gc();
await loop((WARM_UP * 3) / 4);
if (count > 0) {
  const callgrind = (...args) =>
    execFileSync('callgrind_control', [...args, String(process.pid)], { stdio: 'ignore' });
  callgrind('--instr=on');
  await loop(count);
  callgrind('--instr=off');
}
process.exit(0);

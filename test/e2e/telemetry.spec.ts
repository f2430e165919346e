import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { EventEmitterModule } from '@nestjs/event-emitter';
import { TerminusModule } from '@nestjs/terminus';
import { metrics } from '@opentelemetry/api';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AuditSink, type AuditRecord } from '../../src/index.js';
import { ADAPTERS, MASTER_TOKEN, startApp, type TestApp } from '../support/app.js';
import { HealthController, KeepingSink, Listener } from '../support/observers.js';
import { PersistenceServer } from '../support/persistence-server.js';
import { RoutesController } from '../support/routes.controller.js';

class RejectingSink extends AuditSink {
  async record(): Promise<void> {
    throw new Error('the sink is full');
  }
}

describe.each(ADAPTERS)('the audit trail on %s', (adapter) => {
  const sink = new KeepingSink();
  let app: TestApp;

  beforeAll(async () => {
    app = await startApp({
      adapter,
      controllers: [RoutesController],
      imports: [EventEmitterModule.forRoot({ wildcard: true })],
      providers: [Listener],
      fastauth: { auditSink: sink, accessTokenPaths: ['/access'] },
    });
  });
  afterAll(() => app.close());

  const during = (act: () => Promise<unknown>): Promise<AuditRecord[]> => sink.during(act);

  it('tells at the start that the configuration was read', () => {
    expect(sink.records[0]).toMatchObject({
      type: 'config.loaded',
      store: 'memory',
      defaultAccess: 'public',
    });
  });

  it('ties issuing and superseding to their request, and to the time', async () => {
    const headers = { 'MASTER-TOKEN': MASTER_TOKEN, 'X-Request-Id': 'req-17' };
    await app.post('/auth/token/new', { client_id: 'device' }, headers);
    const records = await during(() => app.post('/auth/token/new', { client_id: 'device' }, headers));
    const [use, ...ofSessions] = records;
    expect(use).toMatchObject({ type: 'master.used', correlationId: 'req-17' });
    expect(ofSessions.map(({ type }) => type)).toEqual(['token.issued', 'session.superseded']);
    for (const record of ofSessions) {
      expect(record).toMatchObject({
        clientId: 'device',
        correlationId: 'req-17',
        at: app.clock.now() / 1000,
      });
    }
  });

  it('ties revoking to its request', async () => {
    const { access_token: token } = await app.issue('revoked');
    const records = await during(() =>
      app.post('/auth/token/revoke', { token }, { 'X-Request-Id': 'req-18' }),
    );
    expect(records).toMatchObject([{ type: 'session.revoked', correlationId: 'req-18' }]);
  });

  it.each([
    ['at the edge', '/access/health', {}, 'missing_token', 'access'],
    ['in the guard', '/whoami', { 'ACCESS-TOKEN': 'a.b.c' }, 'invalid_token', 'access'],
    ['of the master token', '/admin/whoami', { 'MASTER-TOKEN': 'no' }, 'invalid_token', 'master'],
  ])(
    'tells once of a refusal %s, with its reason and from where',
    async (_where, path, sent, code, level) => {
      const records = await during(() => app.get(path, { ...sent, 'X-Request-Id': 'req-19' }));
      expect(records).toMatchObject([
        { type: 'access.denied', code, level, correlationId: 'req-19', method: 'GET', path },
      ]);
      expect((records[0] as { address?: string }).address).toMatch(/127\.0\.0\.1|::1/);
    },
  );

  it.each([
    ['of any method', 'POST', '/access/health', '/access/health'],
    ['without the query', 'GET', '/access/health?access_token=sEcReT', '/access/health'],
    ['without user and host', 'GET', 'http://user:sEcReT@host/access/health', '/access/health'],
    ['without what may be a token', 'GET', `/access/${'x'.repeat(41)}/a`, '/access/…/a'],
    ['cut where it is long', 'GET', `/access${'/x'.repeat(2500)}`, `/access${'/x'.repeat(124)}/…`],
  ])('names the request of a refusal %s', async (_what, method, target, path) => {
    const { port } = new URL(app.url);
    const records = await during(async () => {
      const socket = connect(Number(port), '127.0.0.1');
      socket.end(`${method} ${target} HTTP/1.1\r\nHost: host\r\nConnection: close\r\n\r\n`, 'latin1');
      expect(await text(socket)).toMatch(/^HTTP\/1.1 401/);
    });
    expect(records).toMatchObject([{ type: 'access.denied', method, path }]);
    expect(JSON.stringify(records)).not.toContain('sEcReT');
  });

  it('tells nothing of a request that enters', async () => {
    const { access_token: token } = await app.issue('quiet');
    expect(await during(() => app.get('/whoami', { 'ACCESS-TOKEN': token }))).toEqual([]);
  });

  it('reaches the application through its event emitter', async () => {
    const { heard } = app.app.get(Listener);
    const before = heard.length;
    await app.get('/whoami');
    expect(heard.slice(before)).toMatchObject([{ type: 'access.denied', code: 'missing_token' }]);
  });
});

describe('a sink that fails', () => {
  it('harms no request', async () => {
    const app = await startApp({
      adapter: 'fastify',
      controllers: [RoutesController],
      fastauth: { auditSink: RejectingSink },
    });
    const { access_token: token } = await app.issue('device');
    expect((await app.get('/whoami', { 'ACCESS-TOKEN': token })).status).toBe(200);
    expect((await app.get('/whoami')).status).toBe(401);
    await app.close();
  });
});

describe('health', () => {
  it('is up with key and store, down without either, and says why', async () => {
    const server = new PersistenceServer();
    await server.start();
    const start = (fastauth: object): Promise<TestApp> =>
      startApp({ adapter: 'express', imports: [TerminusModule], controllers: [HealthController], fastauth });
    const app = await start({ databaseUrl: server.url, storeTimeout: 0.3 });
    expect((await app.get('/healthz')).body.info).toEqual({ fastauth: { status: 'up' } });
    server.faults = { status: 500 };
    const down = await app.get('/healthz');
    expect(down.status).toBe(503);
    expect(down.body.error.fastauth).toMatchObject({ status: 'down' });
    await app.close();
    await server.stop();
    const keyless = await start({ cryptographyKey: undefined });
    expect((await keyless.get('/healthz')).body.error.fastauth.message).toBe('Crypto key not set');
    await keyless.close();
  });
});

describe('metrics', () => {
  it('count what happened, what was admitted and cache hits, and time operations', async () => {
    const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
    const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
    const provider = new MeterProvider({ readers: [reader] });
    metrics.setGlobalMeterProvider(provider);
    const app = await startApp({ adapter: 'fastify', controllers: [RoutesController] });
    const { access_token: token } = await app.issue('device');
    for (let n = 0; n < 3; n++) await app.get('/whoami', { 'ACCESS-TOKEN': token });
    await app.get('/whoami', { 'ACCESS-TOKEN': 'a.b.c' });
    await provider.forceFlush();
    await app.close();
    metrics.disable();

    const points = new Map(
      exporter
        .getMetrics()
        .flatMap(({ scopeMetrics }) => scopeMetrics)
        .flatMap(({ metrics: found }) => found)
        .flatMap(({ descriptor, dataPoints }) =>
          dataPoints.map(({ attributes, value }) => [
            `${descriptor.name} ${Object.values(attributes).join(' ')}`,
            typeof value === 'number' ? value : value.count,
          ]),
        ),
    );
    expect(Object.fromEntries(points)).toMatchObject({
      'fastauth.events token.issued': 1,
      'fastauth.events access.denied invalid_token': 1,
      'fastauth.admitted access': 3,
      'fastauth.admitted master': 1,
      'fastauth.verified_token_cache.lookups hit': 2,
      'fastauth.verified_token_cache.lookups miss': 2,
      'fastauth.operation.duration issue ok': 1,
    });
    await provider.shutdown();
  });
});

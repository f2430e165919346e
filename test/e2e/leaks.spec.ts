import { request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { type LoggerService } from '@nestjs/common';
import { EventEmitterModule } from '@nestjs/event-emitter';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { TerminusModule } from '@nestjs/terminus';
import { WebSocketGateway } from '@nestjs/websockets';
import { metrics } from '@opentelemetry/api';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { afterAll, expect, it, jest } from '@jest/globals';
import { FastauthEvents, TokenService, TokenStore, withFastauth } from '../../src/index.js';
import { SqlTokenStore } from '../../src/stores/sql/sql.store.js';
import { type AdapterName, type Answer, MASTER_TOKEN, SECRET, startApp } from '../support/app.js';
import { HealthController, KeepingSink, Listener } from '../support/observers.js';
import { PersistenceServer } from '../support/persistence-server.js';
import { redisAppName, removeRedisApps } from '../support/redis-apps.js';
import { RoutesController } from '../support/routes.controller.js';
import { runCli } from '../support/run-cli.js';
import { describeWith, serviceUrl } from '../support/services.js';
import { type Credentials, SOCKET_IO, type SocketPlatform, WS } from '../support/socket-platforms.js';
import { ownPostgres } from '../support/sql-databases.js';
import { dumpOfDatabase, dumpOfFolder, dumpOfRedis } from '../support/store-dumps.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';
import { TestGateway } from '../support/test-gateway.js';

// One run of everything for each way to write tokens and each store; then all that was said anywhere is searched.

const HEADER_SECRET = 'secret-of-the-store-header';
const MASTER = { 'MASTER-TOKEN': MASTER_TOKEN };

afterAll(removeTemporaryFolders);
afterAll(removeRedisApps);

/** Keeps all that is logged, whatever its level, errors with all that they hold, causes too. */
class KeepingLogger implements LoggerService {
  readonly lines: string[] = [];
  readonly keep = (...parts: unknown[]): void => {
    this.lines.push(parts.map((part) => (typeof part === 'string' ? part : everythingOf(part))).join(' '));
  };
  log = this.keep;
  error = this.keep;
  warn = this.keep;
  debug = this.keep;
  verbose = this.keep;
  fatal = this.keep;
}

function everythingOf(value: unknown): string {
  return inspect(value, { depth: 12, showHidden: true, maxStringLength: null, maxArrayLength: null });
}

interface RunOptions {
  readonly adapter: AdapterName;
  readonly sockets: SocketPlatform;
  readonly tokenFormat: 'jwt' | 'jwe' | 'opaque';
  readonly databaseUrl: string;
  readonly appName?: string;
  /** All that the store holds; not for the REST persistence API, whose format is plain text. */
  readonly dump?: () => Promise<Buffer>;
  /** Makes the store fail in each of its ways, and acts under each. */
  readonly faults?: (act: () => Promise<void>) => Promise<void>;
}

async function itLeaksNothing(options: RunOptions): Promise<void> {
  const { adapter, sockets, tokenFormat, databaseUrl, appName = 'leaks' } = options;
  const logger = new KeepingLogger();
  const sink = new KeepingSink();
  const written: string[] = [];
  const outputs = [process.stdout, process.stderr].map((stream) =>
    jest.spyOn(stream, 'write').mockImplementation((chunk) => {
      written.push(String(chunk));
      return true;
    }),
  );
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const provider = new MeterProvider({
    readers: [new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 })],
  });
  metrics.setGlobalMeterProvider(provider);

  @WebSocketGateway(sockets.at('/access'))
  class Gateway extends TestGateway {}

  const app = await startApp({
    adapter,
    controllers: [RoutesController, HealthController],
    imports: [EventEmitterModule.forRoot({ wildcard: true }), TerminusModule],
    providers: [Listener, Gateway],
    fastauth: {
      appName,
      databaseUrl,
      tokenFormat,
      storeTimeout: databaseUrl.startsWith('http') ? 0.5 : 5,
      auditSink: sink,
      failedAttemptsPerAddress: 15,
      refreshGrace: 1,
      ...(databaseUrl.startsWith('http') ? { headers: { 'x-api-key': HEADER_SECRET } } : {}),
      accessTokenPaths: ['/access'],
      masterTokenPaths: ['/master', '/nowhere'],
    },
    override: (builder) => builder.setLogger(logger),
    configure: (nest) => {
      nest.useLogger(logger);
      nest.useWebSocketAdapter(sockets.adapter(nest));
    },
  });
  const told: unknown[] = [];
  app.app.get(FastauthEvents).subscribe((event) => told.push(event));
  const secrets = new Set([MASTER_TOKEN, SECRET, HEADER_SECRET]);
  const kept = <T extends { access_token: string; refresh_token: string }>(pair: T): T => {
    for (const token of [pair.access_token, pair.refresh_token]) {
      for (const part of partsOf(token)) secrets.add(part);
    }
    return pair;
  };
  const refusals: string[] = [];
  const note = async (answer: Promise<Answer>): Promise<void> => {
    const { status, text, headers } = await answer;
    if (status >= 400) refusals.push(`${text}${JSON.stringify([...headers])}`);
  };
  const errors: unknown[] = [];
  const thrown = async (call: () => Promise<unknown>): Promise<void> => {
    await call().catch((error: unknown) => errors.push(error));
  };

  const pair = kept(await app.issue('device'));
  const tampered = `${pair.access_token.slice(0, -2)}xx`;
  await note(app.get('/whoami', { 'ACCESS-TOKEN': pair.access_token }));
  await note(app.get('/whoami', { 'ACCESS-TOKEN': tampered }));
  await note(app.get('/whoami', { Authorization: `Bearer ${pair.refresh_token}` }));
  await note(
    app.get('/whoami', { 'ACCESS-TOKEN': pair.access_token, Authorization: `Bearer ${pair.access_token}` }),
  );
  await note(app.get('/whoami', MASTER));
  await note(app.get('/admin/whoami', { 'MASTER-TOKEN': `${MASTER_TOKEN}x` }));
  await note(app.get('/master/health', { 'ACCESS-TOKEN': pair.access_token }));
  await note(app.get(`/access/${pair.access_token}`, { 'ACCESS-TOKEN': pair.refresh_token }));
  for (const path of ['new', 'refresh', 'revoke', 'introspect'].map((name) => `/auth/token/${name}`)) {
    const headers = path.endsWith('new') || path.endsWith('introspect') ? MASTER : {};
    const wrong = [
      { refresh_token: [pair.refresh_token], token: [pair.refresh_token], client_id: [pair.access_token] },
      { token: { of: pair.access_token }, client_id: { of: pair.access_token } },
      `refresh_token=${pair.refresh_token}&refresh_token=x&token=${pair.refresh_token}&token=x&client_id=x&client_id=${pair.access_token}`,
      { refresh_token: pair.access_token, client_id: `\u0000${pair.access_token}` },
      {},
    ];
    for (const body of wrong) await note(app.post(path, body, headers));
    await note(
      app.request('POST', path, {
        headers: { 'content-type': 'application/json' },
        body: `{"token":"${tampered}`,
      }),
    );
  }
  await note(app.post('/auth/token/new', `client_id=${pair.access_token}`, { 'MASTER-TOKEN': 'no' }));
  await note(app.get('/healthz'));

  const refusedSockets: string[] = [];
  const refused = async (credentials: Credentials): Promise<void> => {
    const socket = sockets.connect(app.url, '/access', credentials);
    refusedSockets.push(JSON.stringify(await socket.refused()));
    socket.close();
  };
  await refused({});
  await refused({ headers: { 'ACCESS-TOKEN': tampered } });
  await refused({ browserToken: pair.refresh_token });
  await refused({ queryToken: pair.access_token });
  await refused({ headers: MASTER });
  const admitted = sockets.connect(app.url, '/access', { headers: { 'ACCESS-TOKEN': pair.access_token } });
  expect(await admitted.refused()).toBeUndefined();
  admitted.emit('reboot', 'x');
  admitted.emit('fastauth.authenticate', { token: tampered });

  const refreshed = kept(
    (await app.post('/auth/token/refresh', { refresh_token: pair.refresh_token })).body.data,
  );
  const other = kept(await app.issue('other'));
  await app.post('/auth/token/revoke', { token: other.access_token });
  const tokens = app.app.get(TokenService);
  // The window passes by the store's own clock where it has one.
  await new Promise((resolve) => setTimeout(resolve, 1100));
  app.clock.advance(60);
  await note(app.post('/auth/token/refresh', { refresh_token: pair.refresh_token }));
  await note(app.get('/whoami', { 'ACCESS-TOKEN': pair.access_token }));
  await note(app.get('/whoami', { 'ACCESS-TOKEN': other.access_token }));
  refusedSockets.push(JSON.stringify(await admitted.ended()), admitted.heard);
  admitted.close();
  for (const token of [pair.access_token, pair.refresh_token, tampered, refreshed.access_token]) {
    await thrown(() => tokens.verify(token));
    await thrown(() => tokens.refresh(token));
    await thrown(() => tokens.issue({ clientId: `\n${token}` }));
    await thrown(() => tokens.issue({ claims: { jti: token } }));
    await thrown(() => tokens.issue({ label: `\n${token}` }));
  }
  const last = kept(await app.issue('last'));
  const failing = async (): Promise<void> => {
    await note(app.get('/whoami', { 'ACCESS-TOKEN': last.access_token }));
    await note(app.post('/auth/token/refresh', { refresh_token: last.refresh_token }));
    await note(app.post('/auth/token/revoke', { token: last.access_token }));
    await note(app.post('/auth/token/introspect', { token: last.access_token }, MASTER));
    await note(app.get('/auth/token/new?client_id=x', MASTER));
    await note(app.get('/healthz'));
    await thrown(() => tokens.refresh(last.refresh_token));
  };
  await options.faults?.(failing);
  for (let n = 0; n < 20; n++) await note(app.get('/whoami', { 'ACCESS-TOKEN': `${tampered}${n}` }));
  await repeatedHeader(app.url, pair.access_token);
  const document = withFastauth(
    app.app,
    SwaggerModule.createDocument(app.app, new DocumentBuilder().build()),
  );
  await provider.forceFlush();
  metrics.disable();
  const stored = [await options.dump?.()];
  await app.app.get(TokenStore).close();
  await failing();
  const { heard } = app.app.get(Listener);
  await app.close();
  stored.push(await options.dump?.());
  await provider.shutdown();
  const processes = databaseUrl.startsWith('lmdb:') ? await commandsOn(databaseUrl, last.access_token) : '';
  for (const output of outputs) output.mockRestore();

  const said: Record<string, string | Buffer> = {
    logs: logger.lines.join('\n'),
    output: written.join(''),
    refusals: refusals.join('\n'),
    sockets: refusedSockets.join('\n'),
    errors: everythingOf(errors),
    events: everythingOf([told, sink.records, heard]),
    metrics: everythingOf(exporter.getMetrics()),
    document: JSON.stringify(document),
    processes,
    'store, open': stored[0] ?? '',
    'store, closed': stored[1] ?? '',
  };
  expect(logger.lines.length).toBeGreaterThan(5);
  expect(refusals.length).toBeGreaterThan(40);
  expect(refusedSockets.length).toBe(7);
  expect(errors.length).toBeGreaterThan(15);
  expect(sink.records.map(({ type }) => type)).toEqual(
    expect.arrayContaining(['token.reused', 'session.revoked', 'access.denied', 'access.limited']),
  );
  expect([told.length, sink.records.length, heard.length].every((count) => count > 10)).toBe(true);
  expect(exporter.getMetrics().length).toBeGreaterThan(0);
  if (options.dump) expect(stored[1]?.length).toBeGreaterThan(500);
  const leaks = Object.entries(said).filter(([, text]) =>
    [...secrets].some((secret) => text.includes(secret)),
  );
  expect(leaks.map(([place]) => place)).toEqual([]);
}

/** A token, and what of it could be put together with something else: all but the header of a JWT or JWE. */
function partsOf(token: string): readonly string[] {
  const parts = token.startsWith('fa_') ? [token.slice(6)] : token.split('.').slice(1);
  return [token, ...parts.filter((part) => part.length > 20)];
}

/** What the command says on a store, where a token is not what it is asked for. */
async function commandsOn(databaseUrl: string, token: string): Promise<string> {
  const cwd = temporaryFolder();
  const env = {
    FASTAUTH_DATABASE_URL: databaseUrl,
    CRYPTOGRAPHY_KEY: SECRET,
    MASTER_TOKEN,
    NO_COLOR: '1',
  };
  const runs = [
    ['token inspect', token],
    ['token inspect --json', `${token}x`],
    ['token inspect', ''],
    ['token new --claims [1]', ''],
    ['keys list', ''],
    ['keys rotate', ''],
    ['config check', ''],
    ['config show', ''],
  ] as const;
  const said = [];
  for (const [args, input] of runs) {
    const { stdout, stderr } = await runCli(args.split(' '), { cwd, input, env });
    said.push(stdout, stderr);
  }
  return said.join('\n');
}

/** The same header twice, which fetch would join. */
function repeatedHeader(url: string, token: string): Promise<void> {
  return new Promise((resolve, reject) => {
    httpRequest(`${url}/whoami`, { headers: ['ACCESS-TOKEN', token, 'ACCESS-TOKEN', token] }, (response) => {
      response.resume().once('end', () => {
        if (response.statusCode === 400) resolve();
        else reject(new Error(`answered ${response.statusCode}`));
      });
    })
      .once('error', reject)
      .end();
  });
}

it.each([
  ['express', WS],
  ['fastify', SOCKET_IO],
] as const)(
  'nothing leaks on %s with the REST persistence API',
  async (adapter, sockets) => {
    const server = new PersistenceServer();
    await server.start();
    await itLeaksNothing({
      adapter,
      sockets,
      tokenFormat: 'jwt',
      databaseUrl: server.url,
      faults: async (act) => {
        const planted = server.calls.filter(({ body }) => body.includes('access_token')).at(-1)?.body;
        const faults = [
          { status: 500 },
          { refuse: true },
          { cut: true },
          { loseAnswer: true },
          { delay: 5000 },
          { text: planted ?? '' },
        ];
        for (const fault of faults) {
          server.faults = fault;
          await act();
        }
        server.faults = {};
      },
    });
    await server.stop();
  },
  60_000,
);

it('nothing leaks on fastify with the embedded store and opaque tokens', async () => {
  const folder = join(temporaryFolder(), 'store');
  await itLeaksNothing({
    adapter: 'fastify',
    sockets: WS,
    tokenFormat: 'opaque',
    databaseUrl: `lmdb:${folder}`,
    dump: () => dumpOfFolder(folder),
  });
}, 60_000);

const describeRedis = await describeWith('Redis');
describeRedis('with Redis', () => {
  it('nothing leaks on express with encrypted tokens', async () => {
    const url = serviceUrl('Redis');
    const appName = redisAppName(url);
    await itLeaksNothing({
      adapter: 'express',
      sockets: SOCKET_IO,
      tokenFormat: 'jwe',
      databaseUrl: url,
      appName,
      dump: () => dumpOfRedis(url, appName),
    });
  }, 60_000);
});

const describePostgres = await describeWith('PostgreSQL');
describePostgres('with PostgreSQL', () => {
  it('nothing leaks on fastify', async () => {
    const database = await ownPostgres();
    const tables = new SqlTokenStore({ url: database.url, timeout: 5 });
    await tables.migrate();
    await tables.close();
    try {
      await itLeaksNothing({
        adapter: 'fastify',
        sockets: WS,
        tokenFormat: 'jwt',
        databaseUrl: database.url,
        dump: () => dumpOfDatabase(database),
      });
    } finally {
      await database.drop();
    }
  }, 60_000);
});

import { IoAdapter } from '@nestjs/platform-socket.io';
import { WsAdapter } from '@nestjs/platform-ws';
import { startApp, type TestApp, type TestAppOptions } from '../app.js';
import { GRAPHQL_DRIVERS, startGraphqlApp } from '../graphql-app.js';
import { MESSAGE_TRANSPORTS } from '../message-transports.js';
import { freePort } from '../redis-server.js';
import { IO_GATEWAYS, TABLE_CONTROLLERS, TABLE_RESOLVERS, WS_GATEWAYS } from './table-routes.js';
import { isServiceThere } from '../services.js';
import { makeTableTokens, NAMED_MASTERS, type TableTokens } from './table-tokens.js';
import { TABLE_TRANSPORTS, type TableAppName } from './table-transports.js';

export interface TableApp {
  readonly app: TestApp;
  readonly tokens: TableTokens;
  /** Of the microservices that listen themselves, by name. */
  readonly ports: Readonly<Record<string, number>>;
}

type Settings = NonNullable<TestAppOptions['fastauth']>;

const FASTAUTH = {
  messageTokenKey: 'token',
  sessionsPerClient: 1,
  refreshGrace: 0,
  // The table has more bad credentials than an address may send.
  failedAttemptsPerAddress: 0,
  failedAttemptsPerClient: 0,
  masterTokens: [
    { name: 'ops', token: NAMED_MASTERS.ops },
    { name: 'night', token: NAMED_MASTERS.night },
    { name: 'gone', token: NAMED_MASTERS.gone, expiresAt: '2029-12-31' },
  ],
};

/** HTTP, SSE, socket.io, GraphQL, and the microservices of these names. */
async function startExpressTableApp(
  microservices: readonly string[],
  fastauth: Settings = {},
): Promise<TableApp> {
  const [driver] = GRAPHQL_DRIVERS;
  if (!driver) throw new Error('There is no GraphQL driver');
  const ports: Record<string, number> = {};
  for (const name of microservices) ports[name] = await freePort();
  const app = await startGraphqlApp(driver, {
    controllers: TABLE_CONTROLLERS,
    providers: [...TABLE_RESOLVERS, ...IO_GATEWAYS],
    fastauth: { ...FASTAUTH, ...fastauth },
    configure: (nest) => {
      // Not the one of ws: it ends upgrades that are not to its own paths, and with them subscriptions.
      nest.useWebSocketAdapter(new IoAdapter(nest));
      for (const { name, options } of MESSAGE_TRANSPORTS) {
        if (name in ports) nest.connectMicroservice(options(ports[name] ?? 0), { inheritAppConfig: true });
      }
    },
  });
  await app.app.startAllMicroservices();
  return { app, ports, tokens: await makeTableTokens(app) };
}

/** HTTP and ws. */
async function startFastifyTableApp(fastauth: Settings = {}): Promise<TableApp> {
  const app = await startApp({
    adapter: 'fastify',
    controllers: TABLE_CONTROLLERS,
    providers: WS_GATEWAYS,
    fastauth: { ...FASTAUTH, ...fastauth },
    configure: (nest) => nest.useWebSocketAdapter(new WsAdapter(nest)),
  });
  return { app, ports: {}, tokens: await makeTableTokens(app) };
}

/** Both, with all that is on this machine. */
export async function startTableApps(
  fastauth: Settings = {},
): Promise<Readonly<Record<TableAppName, TableApp>>> {
  const isThere = await Promise.all(
    TABLE_TRANSPORTS.map(({ service }) => service === undefined || isServiceThere(service)),
  );
  const microservices = TABLE_TRANSPORTS.filter((_, n) => isThere[n]).map(({ name }) => name);
  return {
    express: await startExpressTableApp(microservices, fastauth),
    fastify: await startFastifyTableApp(fastauth),
  };
}

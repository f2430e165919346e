import {
  type DynamicModule,
  Inject,
  Logger,
  Module,
  type OnApplicationShutdown,
  type NestModule,
  type OnModuleInit,
  type Provider,
  type Type,
} from '@nestjs/common';
import { APP_GUARD, ModulesContainer } from '@nestjs/core';
import { AccessGuard } from './access/access.guard.js';
import { AccessPolicy } from './access/access-policy.js';
import { Authenticator } from './access/authenticator.js';
import { contextGuardProviders } from './access/context-guard.providers.js';
import { ContextGuards } from './access/context-guards.js';
import { DECLARED_ACCESS } from './access/declared.guard.js';
import { ACCESS, BOTH, describeDemand, MASTER } from './access/demand.js';
import { Gate } from './access/gate.js';
import { HandlerNames } from './access/handler-names.js';
import { MasterTokens } from './access/master-tokens.js';
import { ownEndpoints } from './access/paths/own-endpoints.js';
import { PathRules } from './access/paths/path-rules.js';
import { PublicPaths } from './access/paths/public-paths.js';
import { findUnaskedHandlers } from './access/unasked-handlers.js';
import { Clock, SystemClock } from './clock.js';
import { concealed } from './config/concealed-config.js';
import { FASTAUTH_CONFIG, type FastauthConfig, originOf } from './config/fastauth-config.js';
import { FastauthConfigService } from './config/fastauth-config.service.js';
import type { FastauthOptions } from './config/fastauth-options.js';
import { KeyProvider } from './config/key-provider.js';
import { KeySources } from './config/key-sources.js';
import { type ConfigSurroundings, loadFastauthConfig } from './config/load-config.js';
import { masterTokenKeyFaults } from './config/master-token-entries.js';
import { AuthorizationServerMetadataController } from './endpoints/authorization-server-metadata.controller.js';
import { EndpointBodies } from './endpoints/endpoint-bodies.js';
import { IntrospectionController } from './endpoints/introspection.controller.js';
import { JwkSetController } from './endpoints/jwk-set.controller.js';
import { ownController, placeController } from './endpoints/own-controller.js';
import { ownHandlers } from './endpoints/own-handlers.js';
import { RevocationController } from './endpoints/revocation.controller.js';
import { TokenController } from './endpoints/token.controller.js';
import { metadataPaths, metadataPathWarning, WellKnownPaths } from './endpoints/well-known-paths.js';
import { ConfigError, CryptoKeyNotSetError } from './errors.js';
import { FastauthEvents } from './events/fastauth-events.js';
import {
  type ASYNC_OPTIONS_TYPE,
  ConfigurableModuleClass,
  type FastauthRegistration,
  type OPTIONS_TYPE,
  takeOptions,
} from './fastauth.module-definition.js';
import { KeyRingHolder } from './keys/key-ring-holder.js';
import { AttemptLimiter } from './limits/attempt-limiter.js';
import { AuditSink } from './observability/audit-sink.js';
import { AuditTrail } from './observability/audit-trail.js';
import { EventEmitterBridge } from './observability/event-emitter.bridge.js';
import { FastauthHealthIndicator } from './observability/health-indicator.js';
import { LoggerAuditSink } from './observability/logger.audit-sink.js';
import { FastauthMetrics } from './observability/metrics.js';
import { RouteMatcher } from './routes/route-matcher.js';
import { RouteTable } from './routes/route-table.js';
import { StartupLog } from './routes/startup-log.js';
import { SessionSweeper } from './sessions/session-sweeper.js';
import { TokenStore } from './sessions/token-store.js';
import { createTokenStore } from './stores/open-store.js';
import { formatFault } from './tokens/codecs/token-codecs.js';
import { FOREIGN_TOKENS } from './tokens/foreign-tokens.js';
import { ISSUANCE_DEFAULTS } from './tokens/issuance-defaults.js';
import { KeyRingKeeper } from './tokens/key-ring-keeper.js';
import { TokenService } from './tokens/token.service.js';
import { AccessEdge } from './transports/http/access.edge.js';
import { EdgePlace } from './transports/http/edge-place.js';
import { FirstGuard } from './transports/http/first.guard.js';
import { HttpGuard } from './transports/http/http.guard.js';
import { RpcGuard } from './transports/microservices/rpc.guard.js';
import { OpenConnections } from './transports/open-connections.js';
import { ServerEdge } from './transports/server.edge.js';
import { GatewayTable } from './transports/websockets/gateway-table.js';
import { Handshake } from './transports/websockets/handshake.js';
import { HandshakeGate } from './transports/websockets/handshake.gate.js';
import { LiveSockets } from './transports/websockets/live/live-sockets.js';
import { Reauthentication } from './transports/websockets/live/reauthentication.js';
import { UpgradeEdge } from './transports/websockets/upgrade.edge.js';
import { Heartbeat } from './transports/websockets/ws/heartbeat.js';
import { WsGuard } from './transports/websockets/ws.guard.js';

/**
 * Token authentication for the application that imports it, once, in its root module.
 *
 * @example
 * \@Module({ imports: [FastauthModule.forRoot()] })
 * export class AppModule {}
 */
@Module({})
export class FastauthModule
  extends ConfigurableModuleClass
  implements NestModule, OnModuleInit, OnApplicationShutdown
{
  readonly #modules: ModulesContainer;

  constructor(
    @Inject(ModulesContainer) modules: ModulesContainer,
    @Inject(TokenStore) private readonly store: TokenStore,
    @Inject(FASTAUTH_CONFIG) private readonly config: FastauthConfig,
    private readonly events: FastauthEvents,
    private readonly handlers: HandlerNames,
  ) {
    super();
    this.#modules = modules;
    handlers.mark();
    const registrations = [...modules.values()].filter(({ metatype }) => metatype === FastauthModule);
    if (registrations.length > 1) {
      throw new ConfigError([
        `FastauthModule is registered ${registrations.length} times in this application; its guards would all have to pass. ` +
          'Call FastauthModule.forRoot() once, in the root module: what it provides is global.',
      ]);
    }
  }

  /**
   * @param options win over the config file and the environment
   * @throws ConfigError naming every fault of the configuration
   */
  static override forRoot(options: typeof OPTIONS_TYPE = {}): DynamicModule {
    return registered(super.forRoot(options), options);
  }

  /** As {@link forRoot}, with options from `useFactory`, `useClass` or `useExisting`. */
  static override forRootAsync(options: typeof ASYNC_OPTIONS_TYPE): DynamicModule {
    return registered(super.forRootAsync(options), options);
  }

  /** Before routers take methods off instances, and tracers wrap them. */
  configure(): void {
    this.handlers.mark();
  }

  async onModuleInit(): Promise<void> {
    const { faults, warnings } = findUnaskedHandlers(this.#modules);
    if (faults.length > 0) throw new ConfigError(faults);
    for (const warning of warnings) new Logger('Fastauth').warn(warning);
    try {
      await this.store.open();
    } catch (error) {
      const origin = STORES_OF_URL.has(this.store) ? originOf(this.config, 'databaseUrl') : undefined;
      if (origin !== undefined)
        new Logger('Fastauth').error(`The store that is set by ${origin} did not open.`);
      throw error;
    }
    const { databaseUrl, defaultAccess } = this.config;
    this.events.emit({
      type: 'config.loaded',
      store: databaseUrl.slice(0, databaseUrl.indexOf(':')),
      defaultAccess,
    });
  }

  async onApplicationShutdown(): Promise<void> {
    await this.store.close();
  }
}

function registered(definition: DynamicModule, registration: FastauthRegistration): DynamicModule {
  const {
    store,
    auditSink,
    keyProvider,
    tokenController = TokenController,
    httpGuard = HttpGuard,
    globalGuard = true,
    imports = [],
  } = registration;
  const endpoints =
    tokenController === false ? [] : [tokenController, RevocationController, IntrospectionController];
  const controllers = endpoints.map(ownController);
  const metadataController = ownController(AuthorizationServerMetadataController);
  const exported = [
    FastauthConfigService,
    TokenService,
    TokenStore,
    FastauthEvents,
    FastauthHealthIndicator,
    AttemptLimiter,
    AccessPolicy,
    Gate,
    // What `@UseGuards(AccessGuard)` in the application's own modules needs.
    ContextGuards,
    AccessGuard,
    // ... and the guard that decorators bring there.
    DECLARED_ACCESS,
    // ... and `@UseGuards(WsGuard)`.
    LiveSockets,
    WsGuard,
  ];
  const options = takeOptions(definition);
  return {
    ...definition,
    global: true,
    imports: [...new Set([...(definition.imports ?? []), ...imports])],
    controllers: [...controllers, JwkSetController, metadataController],
    providers: [
      ...options.others,
      {
        provide: FASTAUTH_CONFIG,
        inject: options.inject,
        useFactory: async (...dependencies: unknown[]) =>
          resolveConfig(await options.read(...dependencies), controllers, metadataController, {
            hasKeyProvider: keyProvider !== undefined,
            hasStore: store !== undefined,
          }),
      },
      keyProviderProvider(keyProvider),
      {
        provide: KeyRingKeeper,
        inject: [FASTAUTH_CONFIG, { token: KeyProvider, optional: true }, Clock, FastauthEvents],
        useFactory: openKeyRing,
      },
      {
        provide: KeyRingHolder,
        inject: [KeyRingKeeper],
        useFactory: ({ holder }: KeyRingKeeper) => holder,
      },
      { provide: Clock, useClass: SystemClock },
      storeProvider(store),
      { provide: ISSUANCE_DEFAULTS, useValue: registration.issuanceDefaults },
      { provide: FOREIGN_TOKENS, useValue: registration.foreignTokens },
      ...contextGuardProviders({ http: HttpGuard, ws: WsGuard, rpc: RpcGuard }, registration.contextGuards),
      FastauthConfigService,
      FastauthEvents,
      auditSinkProvider(auditSink),
      {
        provide: AuditTrail,
        inject: [FastauthEvents, AuditSink, Clock],
        useFactory: (events: FastauthEvents, sink: AuditSink, clock: Clock) =>
          new AuditTrail(events, sink, () => clock.now()),
      },
      EventEmitterBridge,
      {
        provide: FastauthMetrics,
        inject: [FastauthEvents, Gate, TokenService],
        useFactory: (events: FastauthEvents, gate: Gate, tokens: TokenService) =>
          new FastauthMetrics(events, {
            admitted: () =>
              Object.fromEntries(
                [ACCESS, MASTER, BOTH].map((level) => [describeDemand(level), gate.admitted[level] ?? 0]),
              ),
            cacheLookups: () => tokens.cacheLookups,
          }),
      },
      {
        provide: FastauthHealthIndicator,
        inject: [TokenStore, { token: KeyRingHolder, optional: true }],
        useFactory: healthIndicatorOf,
      },
      TokenService,
      SessionSweeper,
      RouteTable,
      RouteMatcher,
      { provide: PathRules, inject: [FASTAUTH_CONFIG, RouteTable], useFactory: pathRulesOf },
      HandlerNames,
      AccessPolicy,
      MasterTokens,
      AttemptLimiter,
      Authenticator,
      Gate,
      {
        provide: PublicPaths,
        inject: [FASTAUTH_CONFIG],
        useFactory: ({ publicPaths }: FastauthConfig) => new PublicPaths(publicPaths),
      },
      AccessEdge,
      EdgePlace,
      AccessGuard,
      { provide: HttpGuard, useClass: httpGuard },
      FirstGuard,
      RpcGuard,
      OpenConnections,
      EndpointBodies,
      WellKnownPaths,
      GatewayTable,
      LiveSockets,
      Reauthentication,
      Heartbeat,
      Handshake,
      HandshakeGate,
      UpgradeEdge,
      ServerEdge,
      WsGuard,
      {
        provide: StartupLog,
        inject: [RouteTable, PathRules, AccessPolicy, RouteMatcher, GatewayTable],
        useFactory: (
          routes: RouteTable,
          rules: PathRules,
          policy: AccessPolicy,
          matcher: RouteMatcher,
          gateways: GatewayTable,
        ) => new StartupLog(routes, rules, policy, matcher, () => gateways.socketPaths()),
      },
      // `useExisting`, so that an application's tests can override the guard.
      ...(globalGuard ? [{ provide: APP_GUARD, useExisting: AccessGuard }] : []),
    ],
    exports: exported,
  };
}

function resolveConfig(
  options: FastauthOptions,
  controllers: readonly Type[],
  metadataController: Type,
  brought: Pick<ConfigSurroundings, 'hasKeyProvider' | 'hasStore'>,
): FastauthConfig {
  const { config, warnings } = loadFastauthConfig(options, brought);
  const logger = new Logger('Fastauth');
  for (const warning of [...warnings, metadataPathWarning(config.issuer)])
    if (warning !== undefined) logger.warn(warning);
  for (const controller of controllers) placeController(controller, config.authPrefix);
  placeController(metadataController, metadataPaths(config.issuer));
  return concealed(config);
}

function pathRulesOf(config: FastauthConfig, routes: RouteTable): PathRules {
  const handlers = ownHandlers();
  const lists = { master: config.masterTokenPaths, access: config.accessTokenPaths };
  const surroundings = () => ({
    ...routes.prefixes(),
    late: routes.latePrefixes(),
    withoutModulePath: routes.pathsWithoutModule(),
    ownEndpoints: ownEndpoints(routes.routes, handlers),
  });
  const rules = new PathRules(lists, surroundings, new Set(handlers.keys()));
  routes.whenPrefixesChange(() => rules.refresh());
  return rules;
}

/** @throws ConfigError keys that cannot be used, do not do for the token format, or are master tokens */
function openKeyRing(
  config: FastauthConfig,
  provider: KeyProvider | undefined,
  clock: Clock,
  events: FastauthEvents,
): Promise<KeyRingKeeper> {
  const { masterTokens, tokenFormat } = config;
  return KeyRingKeeper.open(new KeySources(config, provider), clock, events, (ring) => [
    ...masterTokenKeyFaults(masterTokens, ring.keys),
    ...[formatFault(ring, tokenFormat)].filter((fault) => fault !== undefined),
  ]);
}

function healthIndicatorOf(store: TokenStore, keys: KeyRingHolder | undefined): FastauthHealthIndicator {
  return new FastauthHealthIndicator(async () => {
    if (!keys) throw new CryptoKeyNotSetError();
    await store.ping();
  });
}

function auditSinkProvider(sink: FastauthRegistration['auditSink']): Provider {
  if (sink === undefined) {
    return {
      provide: AuditSink,
      inject: [FASTAUTH_CONFIG],
      useFactory: ({ auditLog }: FastauthConfig) => new LoggerAuditSink(auditLog),
    };
  }
  return typeof sink === 'function'
    ? { provide: AuditSink, useClass: sink }
    : { provide: AuditSink, useValue: sink };
}

function keyProviderProvider(keyProvider: FastauthRegistration['keyProvider']): Provider {
  return typeof keyProvider === 'function'
    ? { provide: KeyProvider, useClass: keyProvider }
    : { provide: KeyProvider, useValue: keyProvider };
}

/** Stores that `database-url` names; others are the application's own. */
const STORES_OF_URL = new WeakSet<TokenStore>();

async function createStoreOfUrl(config: FastauthConfig): Promise<TokenStore> {
  const store = await createTokenStore(config);
  STORES_OF_URL.add(store);
  return store;
}

function storeProvider(store: FastauthRegistration['store']): Provider {
  if (store === undefined)
    return { provide: TokenStore, inject: [FASTAUTH_CONFIG], useFactory: createStoreOfUrl };
  return typeof store === 'function'
    ? { provide: TokenStore, useClass: store }
    : { provide: TokenStore, useValue: store };
}

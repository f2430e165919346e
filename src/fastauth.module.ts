import {
  type DynamicModule,
  Inject,
  Module,
  type OnApplicationShutdown,
  type NestModule,
  type OnModuleInit,
} from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { accessProviders } from './access/access.providers.js';
import { HandlerNames } from './access/handler-names.js';
import { assertHandlersAreAsked } from './access/unasked-handlers.js';
import { configLoaded, configProviders } from './config/config.providers.js';
import { FASTAUTH_CONFIG, type FastauthConfig } from './config/fastauth-config.js';
import { endpointsProviders } from './endpoints/endpoints.providers.js';
import { ownHandlers } from './endpoints/own-handlers.js';
import { eventsProviders } from './events/events.providers.js';
import { FastauthEvents } from './events/fastauth-events.js';
import {
  type ASYNC_OPTIONS_TYPE,
  assertRegisteredOnce,
  ConfigurableModuleClass,
  type FastauthRegistration,
  type OPTIONS_TYPE,
  takeOptions,
} from './fastauth.module-definition.js';
import { limitsProviders } from './limits/limits.providers.js';
import { observabilityProviders } from './observability/observability.providers.js';
import { routesProviders } from './routes/routes.providers.js';
import { sessionsProviders } from './sessions/sessions.providers.js';
import { TokenStore } from './sessions/token-store.js';
import { openTokenStore, storesProviders } from './stores/stores.providers.js';
import { tokensProviders } from './tokens/tokens.providers.js';
import { transportsProviders } from './transports/transports.providers.js';

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

  /** @internal */
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
    assertRegisteredOnce(modules, FastauthModule);
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
    assertHandlersAreAsked(this.#modules);
    await openTokenStore(this.store, this.config);
    this.events.emit(configLoaded(this.config));
  }

  async onApplicationShutdown(): Promise<void> {
    await this.store.close();
  }
}

/** Puts the providers of the rooms together. */
function registered(definition: DynamicModule, registration: FastauthRegistration): DynamicModule {
  const { store, auditSink, keyProvider, tokenController, globalGuard = true, imports = [] } = registration;
  const options = takeOptions(definition);
  const endpoints = endpointsProviders(tokenController);
  const rooms = [
    configProviders({ options, keyProvider, hasStore: store !== undefined, apply: endpoints.place }),
    eventsProviders,
    storesProviders(store),
    observabilityProviders(auditSink),
    sessionsProviders,
    tokensProviders(registration),
    limitsProviders,
    routesProviders(ownHandlers),
    accessProviders(globalGuard),
    endpoints,
    transportsProviders(registration),
  ];
  return {
    ...definition,
    global: true,
    imports: [...new Set([...(definition.imports ?? []), ...imports])],
    controllers: endpoints.controllers ?? [],
    providers: [...options.others, ...rooms.flatMap(({ providers = [] }) => providers)],
    exports: rooms.flatMap(({ exports = [] }) => exports),
  };
}

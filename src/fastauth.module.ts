import {
  type DynamicModule,
  Inject,
  Module,
  Optional,
  type OnApplicationShutdown,
  type NestModule,
  type OnModuleInit,
} from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { assertDecorators } from './access/assert-decorators.js';
import { HandlerNames } from './access/handler-names.js';
import { configLoaded } from './config/config.providers.js';
import { FASTAUTH_CONFIG, type FastauthConfig } from './config/fastauth-config.js';
import { FastauthEvents } from './events/fastauth-events.js';
import {
  type ASYNC_OPTIONS_TYPE,
  assertRegistered,
  assertRegisteredOnce,
  ConfigurableModuleClass,
  type OPTIONS_TYPE,
  type RESOURCE_SERVER_ASYNC_OPTIONS_TYPE,
  type RESOURCE_SERVER_OPTIONS_TYPE,
  ResourceServerModuleClass,
} from './fastauth.module-definition.js';
import { issuer, resourceServer } from './fastauth.registrations.js';
import { TokenStore } from './sessions/token-store.js';
import { openTokenStore } from './stores/stores.providers.js';
import { DriverHooks } from './transports/graphql/driver-hooks.js';

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
  /** @internal Optional, so that whoever imports the class alone is told what is missing. */
  constructor(
    @Inject(ModulesContainer) private readonly modules: ModulesContainer,
    @Optional() @Inject(TokenStore) private readonly store: TokenStore | undefined,
    @Optional() @Inject(FASTAUTH_CONFIG) private readonly config: FastauthConfig,
    @Optional() private readonly events: FastauthEvents,
    @Optional() private readonly handlers: HandlerNames,
    @Optional() private readonly subscriptions: DriverHooks,
  ) {
    super();
    assertRegisteredOnce(modules, FastauthModule);
    assertRegistered({ config, events, handlers });
    handlers.mark();
  }

  /**
   * @param options win over the config file and the environment
   * @throws ConfigError naming every fault of the configuration
   */
  static override forRoot(options: typeof OPTIONS_TYPE = {}): DynamicModule {
    return issuer(super.forRoot(options), options);
  }

  /** As {@link forRoot}, with options from `useFactory`, `useClass` or `useExisting`. */
  static override forRootAsync(options: typeof ASYNC_OPTIONS_TYPE): DynamicModule {
    return issuer(super.forRootAsync(options), options);
  }

  /**
   * For a service that issues no tokens, and accepts those of an issuer: `{ issuer, audience }`. The same decorators,
   * path rules, guards and sockets; no token endpoints, no store and no cryptography key. Verifies by the issuer's keys,
   * so that **a revoked token is accepted until its `exp`**, or asks the issuer about tokens with `introspection`.
   *
   * @param options win over the config file and the environment
   * @throws ConfigError naming every fault
   * @see RFC 6750, RFC 7517, RFC 7662, RFC 8414, RFC 9068
   */
  static forResourceServer(options: typeof RESOURCE_SERVER_OPTIONS_TYPE): DynamicModule {
    const definition = ResourceServerModuleClass.forResourceServer(options);
    return resourceServer({ ...definition, module: FastauthModule }, options);
  }

  /** As {@link forResourceServer}, with options from `useFactory`, `useClass` or `useExisting`. */
  static forResourceServerAsync(options: typeof RESOURCE_SERVER_ASYNC_OPTIONS_TYPE): DynamicModule {
    const definition = ResourceServerModuleClass.forResourceServerAsync(options);
    return resourceServer({ ...definition, module: FastauthModule }, options);
  }

  /** Before routers take methods off instances, tracers wrap them, and drivers of GraphQL start. */
  configure(): void {
    this.handlers.mark();
    this.subscriptions.takeHold();
  }

  async onModuleInit(): Promise<void> {
    assertDecorators(this.modules, this.config);
    if (this.store) await openTokenStore(this.store, this.config);
    this.events.emit(configLoaded(this.config, this.store !== undefined));
  }

  async onApplicationShutdown(): Promise<void> {
    await this.store?.close();
  }
}

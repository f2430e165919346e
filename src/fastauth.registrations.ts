import type { DynamicModule, ModuleMetadata } from '@nestjs/common';
import { accessProviders } from './access/access.providers.js';
import { clientsProviders } from './clients/clients.providers.js';
import { configProviders } from './config/config.providers.js';
import { ConsoleController } from './console/console.controller.js';
import { consoleProviders } from './console/console.providers.js';
import { endpointsProviders, resourceEndpointsProviders } from './endpoints/endpoints.providers.js';
import { ownHandlers } from './endpoints/own-handlers.js';
import { eventsProviders } from './events/events.providers.js';
import {
  type FastauthRegistration,
  type GuardRegistration,
  MODULE_OPTIONS_TOKEN,
  RESOURCE_SERVER_OPTIONS_TOKEN,
  takeOptions,
} from './fastauth.module-definition.js';
import type { FastauthConfig } from './config/fastauth-config.js';
import type { FastauthOptions } from './config/fastauth-options.js';
import { limitsProviders } from './limits/limits.providers.js';
import { observabilityProviders } from './observability/observability.providers.js';
import type { ResourceServerOptions } from './resource-server/resource-server-options.js';
import { resourceServerProviders } from './resource-server/resource-server.providers.js';
import { routesProviders } from './routes/routes.providers.js';
import { sessionsProviders } from './sessions/sessions.providers.js';
import { storesProviders } from './stores/stores.providers.js';
import { tokensProviders } from './tokens/tokens.providers.js';
import { transportsProviders } from './transports/transports.providers.js';

/** The rooms of an application that issues tokens. */
export function issuer(definition: DynamicModule, registration: FastauthRegistration): DynamicModule {
  const { store, auditSink, keyProvider, tokenController, globalGuard = true } = registration;
  const options = takeOptions<FastauthOptions>(definition, MODULE_OPTIONS_TOKEN);
  const endpoints = endpointsProviders(tokenController);
  const console = consoleProviders();
  const apply = (config: FastauthConfig): readonly string[] => {
    console.place(config);
    return endpoints.place(config);
  };
  const rooms = [
    configProviders({ options, keyProvider, hasStore: store !== undefined, apply }),
    eventsProviders,
    storesProviders(store),
    observabilityProviders(auditSink),
    sessionsProviders,
    tokensProviders(registration),
    limitsProviders,
    clientsProviders,
    routesProviders(() => ownHandlers(ConsoleController.prototype)),
    accessProviders(globalGuard),
    endpoints,
    console,
    transportsProviders(registration),
  ];
  return together(definition, registration, options.others, rooms);
}

/** The rooms of an application that accepts the tokens of others. */
export function resourceServer(definition: DynamicModule, registration: GuardRegistration): DynamicModule {
  const { auditSink, globalGuard = true } = registration;
  const endpoints = resourceEndpointsProviders();
  const options = takeOptions<ResourceServerOptions>(definition, RESOURCE_SERVER_OPTIONS_TOKEN);
  const rooms = [
    resourceServerProviders(options, endpoints.place),
    eventsProviders,
    observabilityProviders(auditSink),
    limitsProviders,
    routesProviders(ownHandlers),
    accessProviders(globalGuard),
    endpoints,
    transportsProviders(registration),
  ];
  return together(definition, registration, options.others, rooms);
}

/** Puts the providers of the rooms together. */
function together(
  definition: DynamicModule,
  { imports = [] }: GuardRegistration,
  others: NonNullable<ModuleMetadata['providers']>,
  rooms: readonly ModuleMetadata[],
): DynamicModule {
  return {
    ...definition,
    global: true,
    imports: [...new Set([...(definition.imports ?? []), ...imports])],
    controllers: rooms.flatMap(({ controllers = [] }) => controllers),
    providers: [...others, ...rooms.flatMap(({ providers = [] }) => providers)],
    exports: rooms.flatMap(({ exports = [] }) => exports),
  };
}

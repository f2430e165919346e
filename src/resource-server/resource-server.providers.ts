import { type FactoryProvider, Logger, type ModuleMetadata } from '@nestjs/common';
import { Clock } from '../clock.js';
import { concealed } from '../config/concealed-config.js';
import { loadEnvParser } from '../config/config-environment.js';
import { CONFIG_ORIGINS, FASTAUTH_CONFIG, type FastauthConfig } from '../config/fastauth-config.js';
import { FastauthConfigService } from '../config/fastauth-config.service.js';
import { loadFastauthConfig } from '../config/load-config.js';
import { ConfigError } from '../errors.js';
import { AccessTokens } from '../tokens/access-tokens.js';
import { RemoteTokens } from './remote-tokens.js';
import { type ResolvedIssuer, resolveIssuers } from './resolved-issuer.js';
import type { ResourceServerOptions } from './resource-server-options.js';
import type { TrustedIssuer } from './trusted-issuer.js';

/** Holds what the options said until both of its users have it; nothing of it can be printed. */
class ResourceServerSetup {
  readonly #issuers: readonly ResolvedIssuer[];

  constructor(
    readonly config: FastauthConfig,
    issuers: readonly ResolvedIssuer[],
  ) {
    this.#issuers = issuers;
  }

  tokens(clock: Clock): RemoteTokens {
    const { verifiedTokenCacheSize: cacheSize } = this.config;
    return new RemoteTokens({ issuers: this.#issuers, cacheSize, now: () => clock.now() });
  }
}

export interface ResourceServerRegistration {
  readonly inject: NonNullable<FactoryProvider['inject']>;
  readonly read: (...dependencies: unknown[]) => ResourceServerOptions | Promise<ResourceServerOptions>;
}

/** @param apply takes note of the configuration; answers with what is to be said of it */
export function resourceServerProviders(
  { inject, read }: ResourceServerRegistration,
  apply: (config: FastauthConfig) => readonly string[],
): ModuleMetadata {
  return {
    providers: [
      {
        provide: ResourceServerSetup,
        inject,
        useFactory: async (...dependencies: unknown[]) => setUp(await read(...dependencies), apply),
      },
      {
        provide: FASTAUTH_CONFIG,
        inject: [ResourceServerSetup],
        useFactory: ({ config }: ResourceServerSetup) => config,
      },
      FastauthConfigService,
      {
        provide: RemoteTokens,
        inject: [ResourceServerSetup, Clock],
        useFactory: (setup: ResourceServerSetup, clock: Clock) => setup.tokens(clock),
      },
      { provide: AccessTokens, useExisting: RemoteTokens },
    ],
    exports: [FastauthConfigService],
  };
}

/** @throws ConfigError naming what is wrong */
async function setUp(
  options: ResourceServerOptions,
  apply: (config: FastauthConfig) => readonly string[],
): Promise<ResourceServerSetup> {
  const { issuer, audience, jwksUri, introspection, map, timeout, issuers, ...settings } = options;
  const { config, warnings } = loadFastauthConfig(settings, {
    issuesTokens: false,
    parseEnv: await loadEnvParser(settings.envFile),
  });
  const logger = new Logger('Fastauth');
  for (const warning of [...warnings, ...apply(config)]) logger.warn(warning);
  const one = { issuer, audience, jwksUri, introspection, map, timeout };
  if (issuers === undefined) {
    // Both may stand in the config file, and so may differ from place to place.
    const file = {
      issuer: config.issuer,
      audience: config.audience.length > 0 ? config.audience : undefined,
    };
    const trusted = { ...one, issuer: issuer ?? file.issuer, audience: audience ?? file.audience };
    return setupOf(config, trusted.issuer === undefined ? [] : [trusted as TrustedIssuer]);
  }
  const beside = Object.entries(one).flatMap(([name, value]) => (value === undefined ? [] : [name]));
  if (beside.length > 0) {
    throw new ConfigError([`issuers and ${beside.join(', ')} are both set; put all of it into issuers`]);
  }
  return setupOf(config, issuers);
}

function setupOf(config: FastauthConfig, issuers: readonly TrustedIssuer[]): ResourceServerSetup {
  const resolved = resolveIssuers(issuers, config.clockTolerance);
  const { authorizationServers: named } = config;
  const authorizationServers = named.length > 0 ? named : resolved.map(({ issuer }) => issuer);
  const origins = { [CONFIG_ORIGINS]: Reflect.get(config, CONFIG_ORIGINS) as unknown };
  return new ResourceServerSetup(concealed({ ...config, ...origins, authorizationServers }), resolved);
}

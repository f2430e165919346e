import { type FactoryProvider, Logger, type ModuleMetadata } from '@nestjs/common';
import type { FastauthEvent } from '../events/fastauth-event.js';
import { concealed } from './concealed-config.js';
import { loadEnvParser } from './config-environment.js';
import { FASTAUTH_CONFIG, type FastauthConfig } from './fastauth-config.js';
import { FastauthConfigService } from './fastauth-config.service.js';
import type { FastauthOptions } from './fastauth-options.js';
import { type Given, givenProvider } from './given-provider.js';
import { KeyProvider } from './key-provider.js';
import { loadFastauthConfig } from './load-config.js';

export interface ConfigRegistration {
  readonly options: {
    readonly inject: NonNullable<FactoryProvider['inject']>;
    readonly read: (...dependencies: unknown[]) => FastauthOptions | Promise<FastauthOptions>;
  };
  readonly keyProvider: Given<KeyProvider> | undefined;
  /** Whether the application brings its store. */
  readonly hasStore: boolean;
  /** Called with the configuration before anything is made from it. @returns warnings to be logged */
  readonly apply: (config: FastauthConfig) => readonly string[];
}

export function configProviders({
  options,
  keyProvider,
  hasStore,
  apply,
}: ConfigRegistration): ModuleMetadata {
  const readConfig = async (...dependencies: unknown[]): Promise<FastauthConfig> => {
    const given = await options.read(...dependencies);
    const { config, warnings } = loadFastauthConfig(given, {
      parseEnv: await loadEnvParser(given?.envFile),
      hasKeyProvider: keyProvider !== undefined,
      hasStore,
    });
    const logger = new Logger('Fastauth');
    for (const warning of [...warnings, ...apply(config)]) logger.warn(warning);
    return concealed(config);
  };
  return {
    providers: [
      { provide: FASTAUTH_CONFIG, inject: options.inject, useFactory: readConfig },
      givenProvider(KeyProvider, keyProvider),
      FastauthConfigService,
    ],
    exports: [FastauthConfigService],
  };
}

/** What is told of the configuration when the application starts. */
export function configLoaded(
  { databaseUrl, defaultAccess }: FastauthConfig,
  hasStore: boolean,
): FastauthEvent {
  const store = hasStore ? databaseUrl.slice(0, databaseUrl.indexOf(':')) : 'none';
  return { type: 'config.loaded', store, defaultAccess };
}

import { getDefaultParser } from '@nestjs/config';
import type { Command } from 'commander';
import type { FastauthOptions } from '../config/fastauth-options.js';
import { loadFastauthConfig, type LoadedConfig } from '../config/load-config.js';

/** Where a command finds the configuration. */
export interface ConfigOptions {
  readonly config?: string;
  readonly dotenv?: string;
  readonly json?: true;
}

/** Node takes `--env-file` for itself wherever it stands, and ends where that file is not there. */
export const DOTENV_OPTION = '--dotenv <path>';

/** Gives a command the options of {@link ConfigOptions}. */
export function withConfigOptions(command: Command): Command {
  return command
    .option('--config <path>', 'the config file (default: fastauth.config.json)')
    .option(DOTENV_OPTION, 'the .env file (default: .env)')
    .option('--json', 'answer as JSON');
}

/** @throws ConfigError naming every fault */
export function readConfig(options: ConfigOptions): LoadedConfig {
  return loadFastauthConfig(configSources(options), { parseEnv: getDefaultParser() });
}

/** The options as `loadFastauthConfig` takes them. */
export function configSources({ config, dotenv }: ConfigOptions): FastauthOptions {
  return {
    ...(config === undefined ? {} : { configFile: config }),
    ...(dotenv === undefined ? {} : { envFile: dotenv }),
  };
}

import type { Command } from 'commander';
import { loadFastauthConfig, type LoadedConfig } from '../config/load-config.js';

/** Where a command finds the configuration. */
export interface ConfigOptions {
  readonly config?: string;
  readonly envFile?: string;
  readonly json?: true;
}

/** Gives a command the options of {@link ConfigOptions}. */
export function withConfigOptions(command: Command): Command {
  return command
    .option('--config <path>', 'the config file (default: fastauth.config.json)')
    .option('--env-file <path>', 'the .env file (default: .env)')
    .option('--json', 'answer as JSON');
}

/** @throws ConfigError naming every fault */
export function readConfig({ config, envFile }: ConfigOptions): LoadedConfig {
  return loadFastauthConfig({
    ...(config === undefined ? {} : { configFile: config }),
    ...(envFile === undefined ? {} : { envFile }),
  });
}

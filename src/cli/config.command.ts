import { resolve } from 'node:path';
import { Command } from 'commander';
import { SystemClock } from '../clock.js';
import { DEFAULT_ENV_FILE } from '../config/config-environment.js';
import { DEFAULT_CONFIG_FILE } from '../config/config-file.js';
import { type FastauthConfig, originOf } from '../config/fastauth-config.js';
import { redactedConfig } from '../config/fastauth-config.service.js';
import { KeySources } from '../config/key-sources.js';
import { kebabCase } from '../config/name-case.js';
import { shortSecretWarnings } from '../keys/short-secret.js';
import { EXIT, print, type CommandOutput } from './command-output.js';
import { type ConfigOptions, readConfig, withConfigOptions } from './config-options.js';
import { envFileWarnings } from './env-file-warnings.js';

/** `fastauth config` */
export function configCommand(): Command {
  const check = withConfigOptions(new Command('check'))
    .description(
      'Read the configuration as the application would, name every fault (exit status 2), and print it without its secrets.',
    )
    .action(async (options: ConfigOptions) => print(await checked(options), options.json ?? false));
  return new Command('config').description('Look at the configuration.').addCommand(check);
}

async function checked(options: ConfigOptions): Promise<CommandOutput> {
  const { config, warnings } = readConfig(options);
  const found = [...warnings, ...envFileWarnings(options.dotenv), ...(await keyWarnings(config))];
  const shown = Object.entries(redactedConfig(config)).map(
    // JSON has no infinity; in the configuration it is written so.
    ([name, value]) =>
      [kebabCase(name), value === Infinity ? 'unlimited' : value, originOf(config, name)] as const,
  );
  const origins = shown.flatMap(([name, , origin]) => (origin === undefined ? [] : [[name, origin]]));
  const isEmpty = origins.length === 0;
  return {
    lines: [
      ...shown.map(
        ([name, value, origin]) =>
          `${name}: ${JSON.stringify(value) ?? 'not set'}${origin === undefined ? '' : `, by ${origin}`}`,
      ),
      ...found.map((warning) => `warning: ${warning}`),
      isEmpty ? nothingConfigured(options) : 'The configuration is good.',
    ],
    exitCode: isEmpty ? EXIT.misuse : EXIT.done,
    json: {
      status: isEmpty ? 'empty' : 'good',
      config: Object.fromEntries(shown),
      origins: Object.fromEntries(origins),
      warnings: found,
    },
  };
}

/** Whoever asks in the wrong folder is to hear of it. */
function nothingConfigured({
  config = DEFAULT_CONFIG_FILE,
  dotenv = DEFAULT_ENV_FILE,
}: ConfigOptions): string {
  return (
    `Nothing is configured: neither ${resolve(config)} nor ${resolve(dotenv)} nor the environment sets anything. ` +
    'Make a configuration with "npx fastauth init".'
  );
}

/**
 * What is wrong with the keys that the configuration names a file for.
 * @throws ConfigError they could not be used
 */
async function keyWarnings(config: FastauthConfig): Promise<readonly string[]> {
  const sources = new KeySources(config);
  (await sources.load()).ringAt(new SystemClock().now() / 1000);
  const missing = sources.lacksFile
    ? [`key-set-file ${config.keySetFile} is not there; the first "npx fastauth keys rotate" makes it`]
    : [];
  return [...missing, ...shortSecretWarnings(sources.brought)];
}

import { Command } from 'commander';
import { redactedConfig } from '../config/fastauth-config.service.js';
import { kebabCase } from '../config/name-case.js';
import { print, type CommandOutput } from './command-output.js';
import { type ConfigOptions, readConfig, withConfigOptions } from './config-options.js';

/** `fastauth config` */
export function configCommand(): Command {
  const check = withConfigOptions(new Command('check'))
    .description(
      'Read the configuration as the application would, name every fault (exit status 2), and print it without its secrets.',
    )
    .action((options: ConfigOptions) => print(checked(options), options.json ?? false));
  return new Command('config').description('Look at the configuration.').addCommand(check);
}

function checked(options: ConfigOptions): CommandOutput {
  const { config, warnings } = readConfig(options);
  const shown = Object.fromEntries(
    Object.entries(redactedConfig(config)).map(([name, value]) => [kebabCase(name), value]),
  );
  return {
    lines: [
      ...Object.entries(shown).map(([name, value]) => `${name}: ${JSON.stringify(value) ?? 'not set'}`),
      ...warnings.map((warning) => `warning: ${warning}`),
      'The configuration is good.',
    ],
    json: { status: 'good', config: shown, warnings },
  };
}

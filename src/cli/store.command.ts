import { Command } from 'commander';
import { isMigrating } from '../stores/migrating-store.js';
import { createTokenStore } from '../stores/open-store.js';
import { print, type CommandOutput } from './command-output.js';
import { type ConfigOptions, readConfig, withConfigOptions } from './config-options.js';

/** `fastauth store` */
export function storeCommand(): Command {
  const migrate = withConfigOptions(new Command('migrate'))
    .description(
      'Make the tables of a SQL store, or bring them up to date. Safe to run again, and from several machines at once; other stores need no tables, and that is no error.',
    )
    .action(async (options: ConfigOptions) => print(await migrated(options), options.json ?? false));
  return new Command('store').description('Look after the token store.').addCommand(migrate);
}

async function migrated(options: ConfigOptions): Promise<CommandOutput> {
  const { config } = readConfig(options);
  const store = await createTokenStore(config);
  if (!isMigrating(store)) return { lines: ['This store needs no tables.'], json: { steps: [] } };
  const steps = await store.migrate();
  return {
    lines: [...steps.map((step) => `done: ${step}`), 'The tables are up to date.'],
    json: { steps },
  };
}

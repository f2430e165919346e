import { Command } from 'commander';
import { originOf } from '../config/fastauth-config.js';
import { isMigrating } from '../stores/migrating-store.js';
import { createTokenStore } from '../stores/open-store.js';
import { print, type CommandOutput } from './command-output.js';
import { type ConfigOptions, readConfig, withConfigOptions } from './config-options.js';
import { copyCommand } from './store-copy.command.js';

/** `fastauth store` */
export function storeCommand(): Command {
  const migrate = withConfigOptions(new Command('migrate'))
    .description(
      'Make the tables of a SQL store, or bring them up to date. Safe to run again, and from several machines at once; other stores need no tables, and that is no error.',
    )
    .action(async (options: ConfigOptions) => print(await migrated(options), options.json ?? false));
  return new Command('store')
    .description('Look after the token store.')
    .addCommand(migrate)
    .addCommand(copyCommand());
}

async function migrated(options: ConfigOptions): Promise<CommandOutput> {
  const { config } = readConfig(options);
  const store = await createTokenStore(config);
  const [scheme = ''] = config.databaseUrl.split(':');
  if (!isMigrating(store)) {
    const lines = [`The ${scheme}: store needs no tables.`];
    // Whoever asks for tables has probably meant another one.
    if (scheme === 'lmdb' && originOf(config, 'databaseUrl') === undefined) {
      lines.push('To name another, set database-url or FASTAUTH_DATABASE_URL; DATABASE_URL is not read.');
    }
    return { lines, json: { store: scheme, steps: [] } };
  }
  const steps = await store.migrate();
  return {
    lines: [...steps.map((step) => `done: ${step}`), 'The tables are up to date.'],
    json: { store: scheme, steps },
  };
}
